# A device that answers most of its requests later, from other threads, on a real driver: the data
# are right, in whichever way the queue is served, and its end waits for all answers.
# guest: uml
# guest, long: qemu
# limit: 400
# cpus on qemu: 3
# add: ../ublk/target/test-classes
. /payload/lib.sh

mixed_data $OWN/data 4
queues=$(($(nproc) < 2 ? $(nproc) : 2))

io() {
    fio --name=x --filename="$EXAMPLE" --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --output=$OWN/fio "$@" || { cat $OWN/fio; return 1; }
}
verified() {
    io --rw=randwrite --bsrange=4k-64k --bs_unaligned=0 --numjobs=2 --size=8m --offset_increment=16m \
        --iodepth=32 --verify=crc32c --verify_fatal=1 --verify_state_save=0 "$@"
}

# late NAME OPTION… : all of it, for one way to serve
late() {
    local name=$1; shift
    must "$name: a late disk is served" example LateDevice "$@" 64 "$queues"
    ok "$name: fio verify" verified
    ok "$name: fio verify, every write FUA" verified --sync=1 --size=2m
    ok "$name: discard" blkdiscard -f "$EXAMPLE"
    ok "$name: reads as zeros then" reads_zero "$EXAMPLE" 64
    ok "$name: large writes" put $OWN/data "$EXAMPLE" 1 1M
    ok "$name: small reads of them" same_data $OWN/data "$EXAMPLE" 1 4k
    io --rw=randrw --bs=4k --iodepth=32 --time_based --runtime=1000 > $OWN/load 2>&1 &
    local job=$!
    ok "$name: it is busy" at_work "$EXAMPLE"
    ok "$name: SIGTERM ends it" stop_example
    wait $job
    ok "$name: every request was answered" \
        test "$(sed -n 's/.*[{ ]EXCEPTIONS=\([0-9]*\).*/\1/p' $OWN/LateDevice)" = 0
    ok "$name: nothing is left" nothing_left
}

remember
late "a command for each tag"
late "polling" --polling
if [ "$GUEST" = uml ]; then
    late "in batches" --batch-io
    late "two threads a queue" --threads=2
    late "two threads a queue, in batches" --threads=2 --batch-io
fi
finish
