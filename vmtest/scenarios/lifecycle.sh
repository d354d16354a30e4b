# Devices come and go, several at a time, and leave nothing behind.
# guest: uml
# limit: 400
. /payload/lib.sh

mixed_data $OWN/data 12
remember

# --- Two at once
must "create the first" create --size 64M --algorithm lz4
first=$DEVICE first_server=$SERVER
# As users have it, and twice as fast to start; a distribution of which nothing was packaged has none.
[ ! -e /payload/dist/aot/device.aot ] ||
    ok "its JVM starts from its cache" grep -q aot/device.aot /proc/$first_server/maps
must "create the second" create --size 96M --algorithm zstd
second=$DEVICE
ok "they are two" test "$first" != "$second" -a "$first_server" != "$SERVER"
ok "list shows both" test "$(zublk list -n -o NAME | grep -c -e "^$first *$" -e "^$second *$")" = 2
ok "write to the first" put $OWN/data $first 0 64k
ok "the second has none of it" reads_zero $second 12
write_both() {
    put $OWN/data $first 20 4k & local other=$!
    put $OWN/data $second 1 4k && wait $other
}
ok "write to both at a time" write_both
ok "the first is right" same_data $OWN/data $first 20 1M
ok "the second is right" same_data $OWN/data $second 1 1M
ok "remove the first" remove $first
ok "the second does not mind" same_data $OWN/data $second 1 64k
ok "remove --all" zublk remove --all
ok "nothing is left" nothing_left

# --- Somebody holds it
must "create one to be held" create --size 16M
exec 9< $DEVICE
ok "remove says which process has it open" fails_with "open in .*(process $$)" zublk remove $DEVICE
removal() { zublk remove $DEVICE --wait 1m; }
removal 9<&- > $OWN/removal 2>&1 &
waiting=$!
ok "... with --wait it waits for that process" eventually grep -q 'waiting: .*open in' $OWN/removal
exec 9<&-
ok "... and removes the device then" wait $waiting
ok "... of which nothing is left" nothing_left

# --- Changed while it serves
must "create one to be changed" create --size 64M
stat_is() { test "$(stat_of $1)" = "$2"; }
ok "write to it" put $OWN/data $DEVICE 0 64k
ok "set the limit and the polling" zublk set $DEVICE mem-limit=48M polling=on poll-spin-cycles=500
ok "... the limit is in effect" stat_is mem_limit 50331648
ok "... and the polling" stat_is poll_spin_cycles 500
ok "... the data are there" same_data $OWN/data $DEVICE 0 64k
ok "... end the polling" zublk set $DEVICE polling=off
ok "... what cannot change is refused" fails_with 'cannot change' zublk set $DEVICE queues=2
ok "compact" zublk compact $DEVICE
exec 9< $DEVICE
ok "reset says which process has it open" fails_with 'open in ' zublk reset $DEVICE
exec 9<&-
ok "reset" zublk reset $DEVICE
ok "... its data are gone" reads_zero $DEVICE 12
ok "... and its memory" memory_below 2097152
ok "remove it" remove

# --- Resized while it is mounted
must "create one to be resized" create --size 64M
bytes() { blockdev --getsize64 $DEVICE; }
must "a file system" mkfs.ext4 -q $DEVICE
mkdir -p $OWN/mnt
mount -t ext4 $DEVICE $OWN/mnt
cp $OWN/data $OWN/mnt/data
ok "it grows while it is mounted" zublk resize $DEVICE 256M
ok "... its disk has the new size" test "$(bytes)" = 268435456
ok "... and reads zeros at its end" eval 'dd if=$DEVICE bs=1M skip=192 iflag=direct status=none | cmp -n 67108864 - /dev/zero'
ok "... the file system grows, too" resize2fs $DEVICE
ok "... and can be filled" dd if=/dev/zero of=$OWN/mnt/more bs=1M count=150 status=none
ok "... the data are there" cmp $OWN/data $OWN/mnt/data
ok "it does not shrink while it is mounted" fails_with 'mounted on' zublk resize $DEVICE 64M
rm $OWN/mnt/more
umount $OWN/mnt
shrink_fs() { e2fsck -fp $DEVICE; [ $? -le 1 ] && resize2fs $DEVICE 48M; }
ok "the file system shrinks" shrink_fs
ok "what is behind it is not lost by mistake" fails_with 'data beyond' zublk resize $DEVICE 48M
ok "... once it is discarded" blkdiscard -o 50331648 $DEVICE
ok "... the device shrinks" zublk resize $DEVICE 48M
ok "... its disk has the new size" test "$(bytes)" = 50331648
ok "... the file system is right" e2fsck -fn $DEVICE
ok "more than it has addresses for is refused" fails_with 'has addresses for' zublk resize $DEVICE 2G
ok "remove it" remove

# --- Again and again
times=5
[ -z "${LONG:-}" ] || times=20
one_more() {
    create --size 16M || { echo "create failed"; return 1; }
    dd if=/dev/zero of=$DEVICE bs=1M count=4 oflag=direct status=none || return
    remove || { echo "remove failed"; return 1; }
    nothing_left
}
for round in $(seq $times); do ok "create and remove, $round of $times" one_more; done
ok "kernel workers do not pile up" \
    test "$(ps -o comm | grep -c -e ublk -e iou-wrk -e iou-sqp)" = 0

# --- The server is told to go while requests are in flight
load() {
    fio --name=load $AS_LOAD --filename=$DEVICE --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --rw=randrw --bs=4k --iodepth=32 --size=32m --time_based --runtime=1000 \
        --output=$OWN/fio
}
must "create one to be stopped" create --size 64M
load > $OWN/load 2>&1 &
job=$!
ok "it is busy" at_work $DEVICE
kill -TERM $SERVER
gone() { refuses kill -0 $SERVER 2> /dev/null; }
ok "SIGTERM under I/O: the server ends" eventually gone
ended() { refuses kill -0 $job 2> /dev/null; }
ok "... the load ends too, with an error" eventually ended
kill $job 2> /dev/null
wait $job
ok "... nothing is left" eventually nothing_left

# --- In the foreground
# Not by the function of that name: a signal would reach only the shell that it runs in.
$ZUBLK create --foreground --transport ublk --size 32M > $OWN/path 2> $OWN/foreground &
server=$!
ok "foreground: says where" eventually grep -q '^/dev/ublkb[0-9]*$' $OWN/path
ok "foreground: serves" put $OWN/data "$(cat $OWN/path)" 0 64k
kill -TERM $server
wait $server
status=$?
# 143 is how a program ended by SIGTERM looks to a shell.
ok "foreground: SIGTERM ends it well ($status)" test $status = 0 -o $status = 143
ok "foreground: nothing is left" eventually nothing_left
finish
