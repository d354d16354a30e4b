# In the guest: every way to serve a queue, on a target that does nothing. Run by bench/guest-modes.
# All servers live at a time and rounds interleave them; medians of the rounds are printed.
. /payload/lib.sh

ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-2}
declare -A OPTIONS=([per-tag]="" [threads-2]="--threads=2" [batch-io]="--batch-io"
    [per-tag-poll]="--polling" [threads-2-poll]="--threads=2 --polling"
    [batch-io-poll]="--batch-io --polling" [per-tag-rec]="--recoverable"
    [batch-io-rec]="--batch-io --recoverable")
NAMES="null_blk per-tag per-tag-rec threads-2 batch-io batch-io-rec per-tag-poll threads-2-poll batch-io-poll"
declare -A DISK SERVER
for name in $NAMES; do
    [ $name = null_blk ] && continue
    must "$name" example NullDevice ${OPTIONS[$name]} 256
    mv $OWN/NullDevice "$OWN/counts-$name" # the server goes on writing there
    DISK[$name]=$EXAMPLE SERVER[$name]=$EXAMPLE_SERVER
done
modprobe null_blk 2> /dev/null
DISK[null_blk]=/dev/nullb0

# measure NAME ROW OPTION… : one run of fio; adds a line "IOPS LATENCY" (field 8, and 40 in us)
measure() {
    local name=$1 row=$2; shift 2
    [ -b "${DISK[$name]}" ] || return
    fio --name=x --filename="${DISK[$name]}" --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --norandommap --time_based --runtime=$SECONDS_EACH --size=256m --output-format=terse \
        --rw=randread --bs=4k "$@" | awk -F';' 'END { print $8, $40 }' >> "$OWN/$row.$name"
}

batched="--iodepth=32 --iodepth_batch_submit=16 --iodepth_batch_complete_min=1"
batched="$batched --iodepth_batch_complete_max=32"
for round in $(seq 0 "$ROUNDS"); do
    for name in $NAMES; do
        measure $name qd1 --iodepth=1
        measure $name qd32 --iodepth=32
        measure $name qd32-batched $batched
    done
    # The first round warms the compilers up.
    [ "$round" != 0 ] || rm -f $OWN/qd*
done

median() { sort -g | awk '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] }'; }
echo "# $(uname -r), $(nproc) CPU, medians of $ROUNDS interleaved rounds: IOPS, mean latency in us"
printf '# %-16s%12s%8s%12s%8s%14s%8s\n' mode qd1 us qd32 us qd32-batched us
for name in $NAMES; do
    [ -f "$OWN/qd1.$name" ] || continue
    printf '# %-16s' $name
    for row in qd1:12 qd32:12 qd32-batched:14; do
        printf "%${row#*:}.0f%8.1f" "$(cut -d ' ' -f 1 "$OWN/${row%:*}.$name" | median)" \
            "$(cut -d ' ' -f 2 "$OWN/${row%:*}.$name" | median)"
    done
    echo
done
for name in $NAMES; do
    [ $name = null_blk ] && continue
    EXAMPLE=${DISK[$name]} EXAMPLE_SERVER=${SERVER[$name]}
    kill -TERM $EXAMPLE_SERVER
    wait $EXAMPLE_SERVER
done

# What a request costs in system calls, each mode and row with a server of its own.
count() { sed -n "s/.*[{ ]$1=\([0-9]*\).*/\1/p" $OWN/NullDevice; }
echo "# counts per 1000 requests"
printf '# %-16s%-14s%9s%9s%12s%9s%9s\n' mode row enters yields looks found slept
for name in $NAMES; do
    [ $name = null_blk ] && continue
    for row in qd1 qd32 qd32-batched; do
        case $row in
            qd1) options=--iodepth=1 ;;
            qd32) options=--iodepth=32 ;;
            *) options=$batched ;;
        esac
        example NullDevice ${OPTIONS[$name]} 256
        DISK[$name]=$EXAMPLE
        measure $name counted $options
        stop_example > /dev/null
        printf '# %-16s%-14s%9s%9s%12s%9s%9s\n' $name $row $(for counter in ENTERS YIELDS POLLS \
            POLL_COMPLETIONS POLL_FALLBACKS; do
            awk -v c="$(count $counter)" -v r="$(count READS)" 'BEGIN { printf "%.1f ", c * 1000 / r }'
        done)
    done
done
ok "measured" true
finish
