# In the guest: 4K random reads at rising depths. Run by bench/guest-depths. Rounds take depths and
# devices in turn; medians of the rounds are printed.
. /payload/lib.sh

ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-1}
DEPTHS="1 2 4 8 16 32" NAMES="null zram zublk"

# Stretches of the JDK's own files, which compress like memory.
head -c $((128 << 20)) /opt/jdk/lib/modules > $OWN/pages
declare -A DISK
must "our null target" example NullDevice 128
DISK[null]=$EXAMPLE
must "our device, lz4" create -s 128M -a lz4
DISK[zublk]=$DEVICE
DISK[zram]=/dev/zram0
[ -b /dev/zram0 ] || cat /sys/class/zram-control/hot_add
echo lz4 > /sys/block/zram0/comp_algorithm
echo 128M > /sys/block/zram0/disksize
for name in zublk zram; do
    must "fill $name" dd if=$OWN/pages of="${DISK[$name]}" bs=1M oflag=direct status=none
done
rm -f $OWN/pages

# measure NAME DEPTH : adds a line "IOPS MEAN P50 P99", times in us from submission on
measure() {
    fio --name=x --filename="${DISK[$1]}" --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --rw=randread --bs=4k --norandommap --time_based --ramp_time=500ms \
        --runtime=$SECONDS_EACH --size=128m --iodepth="$2" --lat_percentiles=1 \
        --clat_percentiles=0 --percentile_list=50:99 --output-format=json > $OWN/fio || return
    awk -F'[:,]' '/"read" : /                    { read = 1 }
        read && /"iops" :/ && !iops              { iops = $2 + 0 }
        read && /"lat_ns"/                       { lat = 1 }
        lat && /"mean"/ && !mean                 { mean = $2 / 1e3 }
        lat && /"50.000000"/ && !p50             { p50 = $2 / 1e3 }
        lat && /"99.000000"/ && !p99             { p99 = $2 / 1e3 }
        END                                      { print iops, mean, p50, p99 }' $OWN/fio \
        >> "$OWN/$2.$1"
}

for round in $(seq 0 "$ROUNDS"); do
    for depth in $DEPTHS; do
        for name in $NAMES; do measure $name "$depth"; done
    done
    # The first round warms the compilers up.
    [ "$round" != 0 ] || rm -f $OWN/*.null $OWN/*.zram $OWN/*.zublk
done

median() { # NAME DEPTH COLUMN
    cut -d ' ' -f "$3" "$OWN/$2.$1" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
echo "# $(uname -r), $(nproc) CPU, medians of $ROUNDS interleaved rounds of $SECONDS_EACH s"
printf '# %-6s%6s%10s%10s%10s%10s%10s\n' device depth IOPS 'x depth 1' 'mean us' p50 p99
for name in $NAMES; do
    first=$(median $name 1 1)
    for depth in $DEPTHS; do
        iops=$(median $name "$depth" 1)
        printf '# %-6s%6d%10.0f%10.2f%10.1f%10.1f%10.1f\n' $name "$depth" "$iops" \
            "$(awk -v a="$iops" -v b="$first" 'BEGIN { print a / b }')" \
            "$(median $name "$depth" 2)" "$(median $name "$depth" 3)" "$(median $name "$depth" 4)"
    done
done
ok "remove" remove
ok "stop the null target" stop_example
finish
