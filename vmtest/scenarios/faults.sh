# What goes wrong on our side of a real driver: a store that throws, a queue thread that dies, a
# device that ends though nobody wanted it to.
# guest: uml
# guest, long: qemu
# limit: 600
# add: ../ublk/target/test-classes
. /payload/lib.sh

mixed_data $OWN/data 2
queues=$(nproc)

# read_at MIB : one request to there; FaultyDevice has a fault in some of its MiBs
read_at() {
    timeout $PATIENCE dd if="$EXAMPLE" of=/dev/null bs=4k count=1 skip=$(($1 * 256)) iflag=direct
}
io_error() { fails_with "Input/output error" "$@"; }

load() {
    fio --name=load --filename="$EXAMPLE" --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --rw=randrw --bs=4k --iodepth=32 --numjobs=2 --offset=8m --size=32m --time_based \
        --runtime=1000 --output=$OWN/fio
}
busy() {
    load > $OWN/load 2>&1 &
    job=$!
    ok "$1: it is busy" at_work "$EXAMPLE"
}
ended() { refuses kill -0 "$1" 2> /dev/null; }

# faulty NAME OPTION… : all of it, for one way to serve
faulty() {
    local name=$1 job; shift
    must "$name: a faulty disk is served" example FaultyDevice "$@" 64 "$queues"
    ok "$name: what the store throws is an I/O error" io_error read_at 1
    ok "$name: an Error is one, too" io_error read_at 2
    ok "$name: so is what it answers" io_error read_at 3
    ok "$name: the disk goes on" put $OWN/data "$EXAMPLE" 8 64k
    ok "$name: ... with right data" same_data $OWN/data "$EXAMPLE" 8 4k
    ok "$name: the first fault is in the log" \
        test "$(grep -c 'IllegalStateException: a fault in the store' $OWN/FaultyDevice)" = 1
    ok "$name: ... with its trace" grep -q 'at io.zublk.ublk.examples.FaultyDevice' \
        $OWN/FaultyDevice
    job=
    case "$*" in
        # In batches the driver copies what is on its way from a kernel worker when the ring is
        # closed. That has no memory to copy to: an error on hardware, a panic in UML.
        *--batch-io*) ;;
        *) busy "$name" ;;
    esac
    ok "$name: a thread dies: its request fails" io_error read_at 4
    [ -z "$job" ] || ok "$name: ... all others, too" eventually ended $job
    ok "$name: ... the disk goes" eventually refuses test -e "$EXAMPLE"
    ok "$name: ... the process ends" eventually ended "$EXAMPLE_SERVER"
    wait "$EXAMPLE_SERVER"
    ok "$name: ... with status 1" test $? = 1
    ok "$name: ... and says why" \
        grep -q "^a queue of $EXAMPLE failed: .*io_uring_enter" $OWN/FaultyDevice
    ok "$name: nothing is left" eventually nothing_left
}

remember
faulty "a command for each tag"
if [ "$GUEST" = uml ]; then
    faulty "in batches" --batch-io
    faulty "two threads a queue" --threads=2
fi

# --- A device whose ublk end is taken away by somebody else, which is a wish: its data are kept, and
# neither keeper nor standby brings it back
must "create a device" create --size 64M --mem-limit 48M --standby
ok "its standby comes" eventually has_standby
keeper=$(stat_of keeper) standby=$(stat_of standby)
put $OWN/data $DEVICE 0 64k
dir=$ZUBLK_RUN_DIR/$ID
java -XX:+UseSerialGC -Xmx64m --enable-native-access=ALL-UNNAMED \
    -cp '/payload/dist/lib/*' io.zublk.ublk.examples.Devices "$ID"
ok "another program deletes its ublk device: the process ends" eventually ended "$SERVER"
ok "... its keeper, too" eventually ended "$keeper"
ok "... and its standby" ended "$standby"
ok "... the store file is kept" test -s "$ZUBLK_RUN_DIR/store/$ID.store"
ok "... the log, too, and says why" grep -q 'another program deleted its ublk device' "$dir/log"
ok "... who asks hears it" fails_with 'another program deleted its ublk device' zublk stat "$ID"
tells_why() { zublk list 2>&1 | tee $OWN/list | grep 'another program deleted' || { cat $OWN/list; return 1; }; }
ok "... list says it" tells_why
ok "... recover brings it back, for that is a wish, too" zublk recover "$ID"
ok "... with its data" same_data $OWN/data $DEVICE 0 64k
ok "... remove clears it away" zublk remove "$ID"
ok "nothing is left" eventually nothing_left
finish
