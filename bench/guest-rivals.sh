# In the guest: our null target and our device beside null_blk and kernel zram. Run by
# bench/guest-rivals. Rounds interleave the devices; medians of the rounds are printed.
. /payload/lib.sh

ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-4}
SIZE=256m

# Every device's pages are the same: stretches of the JDK's own files, which compress like memory.
cat /opt/jdk/lib/modules /opt/jdk/lib/server/libjvm.so | head -c $((256 << 20)) > $OWN/pages
while [ "$(stat -c %s $OWN/pages)" -lt $((256 << 20)) ]; do
    head -c $(((256 << 20) - $(stat -c %s $OWN/pages))) $OWN/pages > $OWN/more
    cat $OWN/more >> $OWN/pages
done
rm -f $OWN/more
# What fio writes: a stretch of them, again and again.
dd if=$OWN/pages of=$OWN/block bs=1M skip=64 count=1 status=none

must "our null target" example NullDevice 256
NULL_TARGET=$EXAMPLE NULL_SERVER=$EXAMPLE_SERVER
must "our device, lz4" create -s 256M -a lz4
modprobe null_blk 2> /dev/null
NULL_BLK=/dev/nullb0
[ -b $NULL_BLK ] || { mkdir -p /sys/kernel/config && mount -t configfs c /sys/kernel/config; }
[ -b /dev/zram0 ] || cat /sys/class/zram-control/hot_add
echo lz4 > /sys/block/zram0/comp_algorithm
echo $SIZE | tr m M > /sys/block/zram0/disksize
for disk in "$DEVICE" /dev/zram0; do
    must "fill $disk" dd if=$OWN/pages of=$disk bs=1M oflag=direct status=none
done

# measure NAME DISK ROW FIELD OPTION… : one run of fio; field 8 is read IOPS, 49 write IOPS
measure() {
    local name=$1 disk=$2 row=$3 field=$4; shift 4
    fio --name=x --filename="$disk" --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --norandommap --time_based --runtime=$SECONDS_EACH --size=$SIZE --output-format=terse "$@" |
        awk -F';' -v f="$field" 'END { print $f }' >> "$OWN/$row.$name"
}

batched="--iodepth=32 --iodepth_batch_submit=16 --iodepth_batch_complete_min=16"
batched="$batched --iodepth_batch_complete_max=32"
PAIRS="null_blk:$NULL_BLK zublk-null:$NULL_TARGET zram-lz4:/dev/zram0 zublk-lz4:$DEVICE"
for round in $(seq "$ROUNDS"); do
    for pair in $PAIRS; do
        name=${pair%%:*} disk=${pair#*:}
        [ -b "$disk" ] || continue
        measure "$name" "$disk" randread-qd1 8 --rw=randread --bs=4k --iodepth=1
        measure "$name" "$disk" randread-qd32 8 --rw=randread --bs=4k --iodepth=32
        measure "$name" "$disk" randread-qd32-batched 8 --rw=randread --bs=4k $batched
        measure "$name" "$disk" read-1m-qd8 8 --rw=read --bs=1m --iodepth=8
    done
done

# What a request costs in system calls, of the compressing device: counted, not timed.
enters() {
    local row=$1 before after; shift
    before="$(stat_of ublk_enters) $(stat_of ublk_reads)"
    measure enters "$DEVICE" "$row" 8 --rw=randread --bs=4k "$@"
    after="$(stat_of ublk_enters) $(stat_of ublk_reads)"
    echo "$before $after" | awk -v r="$row" '{ printf "# enters/request %-24s %.4f\n", r,
        ($3 - $1) / ($4 - $2) }'
}
enters qd1 --iodepth=1
enters qd32 --iodepth=32
enters qd32-batched $batched

# Last, because it replaces what was read: one writer.
for round in $(seq "$ROUNDS"); do
    for pair in $PAIRS; do
        [ -b "${pair#*:}" ] || continue
        measure "${pair%%:*}" "${pair#*:}" write-1m-qd8 49 --rw=write --bs=1m --iodepth=8 \
            --buffer_pattern="'$OWN/block'" --scramble_buffers=0
    done
done

median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
echo "# $(uname -r), $(nproc) CPU, medians of $ROUNDS interleaved rounds, IOPS"
printf '# %-24s%12s%12s%12s%12s\n' row null_blk zublk-null zram-lz4 zublk-lz4
for row in randread-qd1 randread-qd32 randread-qd32-batched read-1m-qd8 write-1m-qd8; do
    printf '# %-24s' $row
    for name in null_blk zublk-null zram-lz4 zublk-lz4; do
        [ -f "$OWN/$row.$name" ] && printf '%12.0f' "$(median "$OWN/$row.$name")" || printf '%12s' -
    done
    echo
done
ok "remove" remove
EXAMPLE=$NULL_TARGET EXAMPLE_SERVER=$NULL_SERVER
ok "stop the null target" stop_example
finish
