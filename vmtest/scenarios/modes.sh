# The ways to serve a queue: a command for each tag, several threads, a command for each batch; each
# with and without polling, and switched between both; and what they give back when idle. On the old
# kernel: what is said where the driver cannot.
# guest: uml qemu
# limit: 400
. /payload/lib.sh

# counted NAME : one of the counts that the last example left
counted() { sed -n "s/.*[{ ]$1=\([0-9]*\).*/\1/p" $OWN/RamDevice; }

# Threads of the example by name, such as "ublk0-q0.0 ublk0-q0.1".
threads() { cat /proc/"$EXAMPLE_SERVER"/task/*/comm | grep '^ublk0-q' | sort | xargs; }

verify() {
    fio --name=verify --filename="$EXAMPLE" --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --rw=randwrite --bsrange=4k-128k --bs_unaligned=0 --numjobs=2 --size=16m \
        --offset_increment=20m --iodepth=16 --verify=crc32c --verify_fatal=1 \
        --verify_state_save=0 --output=$OWN/fio "$@" || { cat $OWN/fio; return 1; }
}

# serves THREADS OPTION… : a memory disk served so holds what is written to it
serves() {
    local expected=$1 name; shift
    name="${*:-one thread}"
    must "$name: starts" example RamDevice "$@" 96
    ok "$name: threads" test "$(threads)" = "$expected"
    ok "$name: verified one at a time" verify
    ok "$name: verified in batches" verify --iodepth_batch_submit=8 --iodepth_batch_complete_min=4 \
        --iodepth_batch_complete_max=16
    ok "$name: discards" blkdiscard -f "$EXAMPLE"
    ok "$name: stops" stop_example
    ok "$name: no request failed" test \
        "$(counted FAILED_READS)$(counted FAILED_WRITES)$(counted EXCEPTIONS)" = 000
    note "$(grep -h ENTERS $OWN/RamDevice)"
    case "$*" in
        *polling*) ok "$name: it polled" test "$(counted POLL_COMPLETIONS)" -gt 0 ;;
        *) ok "$name: it did not poll" test "$(counted POLLS)" = 0 ;;
    esac
}

# buffers_hold -gt|-le BYTES : compares with what the tags' buffers hold, by the device's word and by
# the kernel's, who knows them as 64 MiB (128 tags of 512 KiB) and maybe a little beside them
buffers_hold() {
    local said seen
    said=$(stat_of buffer_bytes)
    seen=$(awk '/^[0-9a-f]+-[0-9a-f]+ / { private = $2 == "rw-p" } /^Size:/ { size = $2 }
        /^Rss:/ && private && size >= 65536 && size < 67584 { print $2 * 1024 }' \
        /proc/"$SERVER"/smaps)
    echo "buffer_bytes $said, in memory $seen"
    test "$said" "$1" "$2" && test "$seen" "$1" "$2"
}

# gives_back OPTION… : what large requests make buffers hold is the kernel's again soon after them
gives_back() {
    local kept=$((128 * 65536)) load # 64 KiB for each of 128 tags
    must "$*: create" create --size 256M "$@"
    fio --name=load $AS_LOAD --filename="$DEVICE" --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --rw=write --bs=512k --iodepth=32 --size=64m --time_based --runtime=60 \
        --eta=never --output=$OWN/fio &
    load=$!
    ok "$*: large requests make buffers grow" eventually buffers_hold -gt $kept
    note "$(cat $OWN/try)"
    kill -INT $load
    wait $load
    ok "$*: an idle queue keeps little" eventually buffers_hold -le $kept
    note "$(cat $OWN/try)"
    ok "$*: large writes after that" put $OWN/data "$DEVICE" 0 512k
    ok "$*: ... are right" same_data $OWN/data "$DEVICE" 0 512k
    ok "$*: no request failed" no_failures
    ok "$*: remove" remove
}

mixed_data $OWN/data 16
remember
if [ "$GUEST" = uml ]; then
    for polling in "" --polling; do
        serves ublk0-q0 $polling
        serves "ublk0-q0.0 ublk0-q0.1" --threads=2 $polling
        serves ublk0-q0 --batch-io $polling
        ok "requests came in batches" grep batchIo=true $OWN/RamDevice
        serves "ublk0-q0.0 ublk0-q0.1 ublk0-q0.2" --batch-io --threads=3 $polling
    done
    serves ublk0-q0 --switch-polling
    serves "ublk0-q0.0 ublk0-q0.1" --batch-io --threads=2 --switch-polling
    gives_back --no-batch-io --no-polling
    gives_back --batch-io --polling
else
    serves ublk0-q0 --batch-io --polling
    ok "the driver knows no batches, so there are none" grep batchIo=false $OWN/RamDevice
    refused() {
        refuses java --enable-native-access=ALL-UNNAMED \
            -cp '/payload/dist/lib/*:/payload/dist/*:/payload/dist' \
            io.zublk.ublk.examples.RamDevice --threads=2 96 2> $OWN/complaint &&
            [ "$(wc -l < $OWN/complaint)" = 1 ]
    }
    ok "two threads for a queue are refused with one line" refused
    ok "which says why" grep 'allows one thread per queue, not 2; several need Linux 6.16' \
        $OWN/complaint
fi
ok "nothing is left" nothing_left
finish
