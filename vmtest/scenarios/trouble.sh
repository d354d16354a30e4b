# What goes wrong with a real driver: taken ids, killed servers, other people's devices, no memory.
# guest: uml
# limit: 400
. /payload/lib.sh

mixed_data $OWN/data 8
remember

# --- Ids
must "create with an id" create --size 32M --id 3
ok "it has that id" test "$DEVICE" = /dev/ublkb3 -a "$ID" = 3
ok "data on it" put $OWN/data $DEVICE 0 64k
leftovers > $OWN/before_refusal
ok "the id is taken: refused in one line" refuses_clearly --size 32M --id 3 --transport ublk
ok "... and nothing is left of the attempt" diff $OWN/before_refusal <(leftovers)
ok "... and the device still has its data" same_data $OWN/data $DEVICE 0 64k

# --- Mounted
mkfs.ext4 -q $DEVICE
mount -t ext4 $DEVICE /mnt
ok "remove refuses while it is mounted" refuses zublk remove $DEVICE
ok "... and it goes on working" cp $OWN/data /mnt/data
umount /mnt
ok "remove after unmounting" remove
ok "nothing is left" nothing_left

# --- The server is killed
must "create one to be killed" create --size 32M --id 3 --on-crash keep
kill -KILL $SERVER
ok "SIGKILL: the disk stays for whoever recovers it" test -b $DEVICE -a -c /dev/ublkc3
ok "... list does not fail" zublk list
ok "... list does not show it as a working device" \
    test "$(zublk list -n -o NAME | grep -c '^/dev/ublkb3 *$')" = 0
ok "its id is not given to a new one" refuses_clearly --size 32M --id 3
ok "remove drops it" zublk remove 3
ok "the id can be had again" create --size 32M --id 3 --on-crash keep
ok "... with a working device" put $OWN/data $DEVICE 0 64k
kill -KILL $SERVER
dd if=$DEVICE of=/dev/null iflag=direct bs=4k count=1 2> $OWN/waiting &
waiting=$!
waits() { grep ') D ' /proc/$waiting/stat; }
ok "killed again, its users wait" eventually waits
ok "remove says who" fails_with "/dev/ublkb3 is open in .*(process $waiting).*zublk recover 3" zublk remove 3
ok "... and so does remove --all" fails_with "/dev/ublkb3 is open in" zublk remove --all
ok "... who waits still" waits
ok "SIGKILL: remove --all --force clears it away" zublk remove --all --force
wait $waiting
ok "... who waited for it has an error" grep -q 'Input/output error' $OWN/waiting
ok "... wholly" nothing_left

# --- The server of a mounted disk is killed
must "create one to be mounted" create --size 32M --id 3 --on-crash keep
mkfs.ext4 -q $DEVICE
mount -t ext4 $DEVICE /mnt
kill -KILL $SERVER
ok "remove refuses while it is mounted, though it is dead" fails_with \
    '/dev/ublkb3 is mounted on /mnt.*zublk recover 3.*--force' zublk remove 3
ok "... it is recovered" zublk recover 3
ok "... and goes on working" cp $OWN/data /mnt/data
umount /mnt
ok "... remove after unmounting" zublk remove 3
ok "... nothing is left" nothing_left

# --- Somebody else's device
# The library's example is a ublk server that knows nothing of zublk's records.
ok "another program's device is up" example RamDevice 64
theirs=${EXAMPLE#/dev/ublkb}
put $OWN/data $EXAMPLE 0 64k
ok "list does not claim it" test "$(zublk list -n -o NAME | grep -c "$EXAMPLE")" = 0
ok "create refuses its id in one line" refuses_clearly --size 32M --id $theirs --transport ublk
ok "remove refuses it" refuses zublk remove $EXAMPLE
ok "remove --force refuses it" refuses zublk remove --force $EXAMPLE
zublk remove --all
ok "after remove --all it has its data" same_data $OWN/data $EXAMPLE 0 64k
kill -KILL $EXAMPLE_SERVER
wait $EXAMPLE_SERVER 2> /dev/null
theirs_gone() { refuses test -b $EXAMPLE; }
ok "killed, its disk goes" eventually theirs_gone
ok "... and is still not ours: create refuses the id" \
    refuses_clearly --size 32M --id $theirs --transport ublk
zublk remove --all
ok "... and remove --all leaves its node alone" test -c /dev/ublkc$theirs

# --- Memory
must "create with a limit" create --size 128M --mem-limit 16M
ok "within the limit" put $OWN/data $DEVICE 0 64k
head -c $((32 << 20)) /dev/urandom > $OWN/noise
ok "beyond it, writing fails: ENOSPC" fails_with "No space left" put $OWN/noise $DEVICE 64 64k
ok "... and the limit was kept" test "$(stat_of mem_used_max)" -le $((17 << 20))
ok "... and what was there is still right" same_data $OWN/data $DEVICE 0 64k
ok "after a discard there is room again" blkdiscard -f -o $((64 << 20)) -l $((64 << 20)) $DEVICE
ok "... for other data" put $OWN/data $DEVICE 32 64k
ok "... which is right" same_data $OWN/data $DEVICE 32 64k
ok "remove" remove

# --- No right to, no driver
chmod 755 /tmp $OWN
chmod 666 $OWN/*
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups env "$@"; }
unprivileged() {
    as_nobody "$@" bash -c '. /payload/lib.sh; refuses_clearly --size 16M --transport ublk'
}
mkdir -p /tmp/nobody && chown 65534:65534 /tmp/nobody
ok "without privileges: refused in one line" unprivileged ZUBLK_RUN_DIR=/tmp/nobody/run
ok "... and nothing is left of the attempt" test -z "$(find /tmp/nobody -type f)"
rm -rf /tmp/nobody
ok "a run directory that is not ours: refused in one line" unprivileged ZUBLK_RUN_DIR=/run/zublk
mv /dev/ublk-control /dev/hidden
ok "without a driver: refused in one line" refuses_clearly --size 16M --transport ublk
mv /dev/hidden /dev/ublk-control
finish
