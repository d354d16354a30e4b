# The kernel's NBD client: a file system on its disk, under a load that verifies. The device's process
# is killed, and the next one serves at the same address; and it is replaced by "zublk upgrade", which
# the client does not even notice. With ZUBLK_LONG=1 in the environment of "run", more often.
# guest: uml
# limit: 400
# add: ../ublk/target/test-classes ../nbd/target/test-classes
. /payload/lib.sh

SIZE=64 # MiB; the file system leaves the last one to the probe
kills=3 upgrades=2 on_crash=recover
# A JVM takes five times as long to start where all is emulated.
[ "$GUEST" = uml ] || kills=2 upgrades=1
# Client, server and what is between them share the guest's CPUs with a JVM that starts.
PACE=--rate_iops=200
# A keeper gives up a device that dies more than 5 times in a minute: so many are recovered by the command.
[ -z "${LONG:-}" ] || kills=200 upgrades=20 on_crash=keep

# The kernel sends again what was under way on a lost connection so long after it was sent first: longer than
# any answer takes, for the old one would be sent to a server that lives and has both.
RESEND=5

# start_disk SOCKET : the kernel makes the disk /dev/nbd0 of what is served there
start_disk() {
    local lib=/payload/dist/lib
    mkfifo $OWN/in.disk
    java -XX:+UseSerialGC -Xmx64m -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED \
        -cp "$lib/zublk-nbd.jar:$lib/zublk-uring.jar:$lib/zublk-block.jar:/payload/test-classes" \
        io.zublk.nbd.KernelDisk "unix:$1" 0 $RESEND $PATIENCE <> $OWN/in.disk > $OWN/disk 2>&1 &
    DISK=$!
    DEVICE=/dev/nbd0
    eventually has_disk || { cat $OWN/disk; return 1; }
}
has_disk() { kill -0 $DISK && grep -q "^$DEVICE" $OWN/disk; }
connected_again() { [ "$(grep -c '^connected again' $OWN/disk)" = "$1" ]; }

# Without a JVM that would start for it, beside the one that is waited for.
server() { field pid < $ZUBLK_RUN_DIR/$ID/device.json; }

expect_waiting
remember
must "create" zublk create --size ${SIZE}M --id 0 --transport nbd --listen unix:$OWN/socket \
    --on-crash $on_crash
ID=0
LOGS="$ZUBLK_RUN_DIR/$ID/log $OWN/disk"
must "the kernel has a disk of it" start_disk $OWN/socket
ok "... of its size" test "$(cat /sys/block/nbd0/size)" = $((SIZE * 2048))
put_to_use $DEVICE $((SIZE - 1))

# --- Killed
kill_all() {
    local i
    for ((i = 1; i <= kills; i++)); do
        busy || { echo "before kill $i"; return 1; }
        mark work
        kill -KILL "$(server)"
        [ $on_crash = recover ] || zublk recover $ID || { echo "recovery $i"; return 1; }
        eventually connected_again $i || { echo "kill $i"; return 1; }
        busy || { echo "after kill $i"; return 1; }
        mark killed
    done
}
ok "killed $kills times under load, each time it is served again" kill_all
ok "... by a process that recovers it" test "$(stat_of recoveries $ID)" = $kills

# --- Upgraded
upgrade_all() {
    local i before
    for ((i = 1; i <= upgrades; i++)); do
        busy || { echo "before upgrade $i"; return 1; }
        mark work
        before=$(server)
        zublk upgrade $ID || { echo "upgrade $i"; return 1; }
        busy || { echo "after upgrade $i"; return 1; }
        mark upgraded
        [ "$(server)" != "$before" ] || return
    done
}
ok "upgraded $upgrades times under load" upgrade_all
ok "... and no connection was lost" connected_again $kills

# --- What its users have
nobody_noticed $DEVICE
ok "no request has failed" no_failures $ID
for kind in killed upgraded work; do pauses $kind; done
has_ended() { refuses kill -0 $DISK 2> /dev/null; }
echo > $OWN/in.disk
ok "the disk goes" eventually has_ended
ok "remove" zublk remove $ID
ok "nothing is left" eventually nothing_left
finish
