# The ublk library on the driver: every kind of request, what a request costs, and bad ends.
# guest: uml qemu
# limit: 600
# cpus on qemu: 3
. /payload/lib.sh

# run NAME ARGUMENT… : one of the library's examples, in the foreground
run() {
    local name=$1; shift
    java -XX:+UseSerialGC -Xmx64m --enable-native-access=ALL-UNNAMED \
        -cp '/payload/dist/lib/*:/payload/dist/*:/payload/dist' "io.zublk.ublk.examples.$name" "$@"
}

# devices_show TEXT : another process finds it in what the driver says
devices_show() { run Devices | tee $OWN/devices | grep "$1" || { cat $OWN/devices; return 1; }; }

# counted NAME : one of the counts that the last example left
counted() { sed -n "s/.*[{ ]$1=\([0-9]*\).*/\1/p" "$(ls -t $OWN/*Device | head -n 1)"; }

io() {
    fio --name=x --filename="$EXAMPLE" --allow_file_create=0 --direct=1 --bs=4k \
        --output=$OWN/fio "$@" || { cat $OWN/fio; return 1; }
}

# at_most ENTERS/REQUEST : system calls of queue threads for each read
at_most() {
    awk -v e="$(counted ENTERS)" -v r="$(counted READS)" -v most="$1" \
        'BEGIN { print e " enters, " r " requests"; exit !(r > 0 && e / r <= most) }'
}

# allocated : bytes that queue threads have allocated in the Java heap so far, to the KiB
allocated() {
    jcmd "$EXAMPLE_SERVER" Thread.print -e |
        sed -n 's/^"ublk.* allocated=\([0-9]*\)\([BKM]\).*/\1 \2/p' |
        awk '{ sum += $1 * ($2 == "M" ? 1048576 : $2 == "K" ? 1024 : 1) } END { print sum + 0 }'
}

# An application that has 32 requests in flight and submits 16 at a time.
in_batches() {
    io --ioengine=io_uring --iodepth=32 --iodepth_batch_submit=16 --iodepth_batch_complete_min=16 \
        --iodepth_batch_complete_max=32 --norandommap --gtod_reduce=1 "$@"
}

one_at_a_time() { io --rw=randread --ioengine=psync --norandommap "$@"; }

# many_requests AMOUNT : so much I/O at 4K in batches, and 10,000 requests one at a time, which wait in other ways
many_requests() { in_batches --rw=randrw --io_size="$1" && one_at_a_time --number_ios=10000; }

# allocates_nothing AMOUNT : many requests do not. Code that is not compiled yet does, hence others before, until some
# have not: a compiler that shares its CPU with a thread that polls takes its time.
allocates_nothing() {
    local before=-1 after pass
    for ((pass = 1; pass <= 8; pass++)); do
        many_requests 256m || return
        after=$(allocated)
        [ "$after" != "$before" ] || break
        before=$after
    done
    many_requests "$1" || return
    after=$(allocated)
    echo "$before bytes before, $after bytes after another $1 of requests"
    [ "$before" -gt 0 ] && [ "$after" -le $((before + 4096)) ]
}

remember
must "a memory disk is served" example RamDevice 256 2
queues=$(($(nproc) < 2 ? $(nproc) : 2))
ok "it has two queues, or as many as there are CPUs" \
    test "$(ls "/sys/block/${EXAMPLE#/dev/}/mq" | wc -l)" = $queues
ok "queue threads are named" test $queues = \
    "$(cat /proc/"$EXAMPLE_SERVER"/task/*/comm | grep -c '^ublk0-q')"
ok "each is on the CPUs that submit to it, and none is left out" \
    queues_on_their_cpus "$EXAMPLE_SERVER" "$EXAMPLE"
ok "another process sees whose it is" \
    devices_show "state=LIVE, serverPid=$EXAMPLE_SERVER,"
ok "the kernel may ask for FUA" test "$(cat "/sys/block/${EXAMPLE#/dev/}/queue/fua")" = 1
head -c 16777216 /dev/urandom > $OWN/data
ok "an fsync reaches the device" dd if=$OWN/data of="$EXAMPLE" bs=1M count=1 conv=fsync status=none
put $OWN/data "$EXAMPLE" 0 1M
ok "discard" blkdiscard -f -o 12582912 -l 4194304 "$EXAMPLE"
ok "write zeroes" blkdiscard -f -z -o 4194304 -l 8388608 "$EXAMPLE"
ok "blocks zeroed or discarded read as zeros" sh -c \
    "dd if='$EXAMPLE' bs=1M skip=4 count=12 iflag=direct status=none | cmp -n 12582912 - /dev/zero"
ok "their neighbours keep their data" sh -c \
    "dd if='$EXAMPLE' bs=1M count=4 iflag=direct status=none | cmp -n 4194304 - $OWN/data"
ok "fio verify, every write FUA" io --rw=randwrite --ioengine=sync --sync=1 --size=2m \
    --verify=crc32c --verify_fatal=1 --verify_state_save=0
ok "stop" stop_example
ok "every kind of request came" test "$(counted FLUSHES)" -gt 0 -a "$(counted DISCARDS)" -gt 0 -a \
    "$(counted WRITE_ZEROES)" -gt 0
ok "none failed" test \
    "$(counted FAILED_READS)$(counted FAILED_WRITES)$(counted FAILED_OTHERS)" = 000
ok "the device threw nothing" test "$(counted EXCEPTIONS)" = 0

# Counts do not depend on the machine; a million requests take too long where it is emulated.
what_a_request_costs() {
    local mode amount
    for mode in "" --polling --batch-io "--batch-io --polling" "--batch-io --threads=2"; do
        # A million requests of the first, of each of the others a quarter.
        [ -z "$mode" ] && amount=4g || amount=1g
        must "${mode:-a command for each tag}: a null disk is served" example NullDevice $mode 1024
        ok "${mode:-a command for each tag}: requests allocate no Java object" \
            allocates_nothing $amount
        tail -n 1 $OWN/output | sed 's/^/# /'
        stop_example > /dev/null
    done
    example NullDevice 1024
    ok "read one at a time" one_at_a_time --number_ios=20000
    ok "and stop" stop_example
    ok "one system call a request at depth 1" at_most 1.05
    sed 's/^/# /' $OWN/output
    example NullDevice 1024
    ok "read 32 at a time" in_batches --rw=randread --number_ios=100000
    ok "and stop" stop_example
    ok "one system call for eight requests at depth 32" at_most 0.125
    sed 's/^/# /' $OWN/output
}
[ "$GUEST" = qemu ] || what_a_request_costs

# Queue 0 has fetched its tags when queue 1, or on one CPU the only queue, cannot start.
failed_start() {
    local cpus="1 63"
    [ "$(nproc)" = 1 ] || cpus="2 0 63"
    refuses run RamDevice 64 $cpus 2> $OWN/complaint && cat $OWN/complaint &&
        [ "$(wc -l < $OWN/complaint)" = 1 ]
}
ok "a queue that cannot start fails the start, with one line" failed_start
ok "which says why" grep 'did not start: sched_setaffinity to CPUs {63}' $OWN/complaint
ok "and leaves nothing" nothing_left

example RamDevice 64
ok "a single queue is served on all CPUs" queues_on_their_cpus "$EXAMPLE_SERVER" "$EXAMPLE"
kill -9 "$EXAMPLE_SERVER"
wait "$EXAMPLE_SERVER"
ok "a killed server's device is dead" eventually devices_show state=DEAD
ok "anybody may delete it" run Devices 0
named="1 0"
[ "$(nproc)" -gt 1 ] || named=0
example RamDevice 64 "$(wc -w <<< "$named")" $named
ok "CPUs that are named are taken instead" \
    test "$(queue_threads "$EXAMPLE_SERVER" | cut -d ' ' -f 2- | xargs)" = "$named"
ok "and a living one" run Devices 0
wait "$EXAMPLE_SERVER"
ok "whose server then ends" test $? = 1
ok "and says why" grep -q '^another program deleted its ublk device' $OWN/RamDevice
ok "nothing is left" nothing_left
finish
