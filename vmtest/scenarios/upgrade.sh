# The process of a ublk device is replaced under load, by "zublk upgrade", again and again: its users
# notice a pause. Where the driver cannot hold requests back (before Linux 6.16) the old process ends
# and the new one recovers the device: for QEMU run it by hand, on a machine that does nothing else, for an
# upgrade takes minutes there while the host is busy, and is called off after two.
# guest: uml
# limit: 400
# add: ../ublk/target/test-classes
. /payload/lib.sh

upgrades=5
# A JVM takes five times as long to start where all is emulated, and longer beside a load.
[ "$GUEST" = uml ] || upgrades=1 PACE=--rate_iops=30
[ -z "${LONG:-}" ] || upgrades=50

SIZE=64 # MiB; the file system leaves the last one to the probe
serves() { test "$(stat_of pid)" = "$1"; }

upgrade() {
    local json
    json=$(zublk upgrade --json $ID) || return
    [ "$(field path <<< "$json")" = $DEVICE ] || { echo "$json"; return 1; }
    SERVER=$(field pid <<< "$json")
}

remember
must "create" create --size ${SIZE}M --algorithm lz4
LOGS="$ZUBLK_RUN_DIR/$ID/log"
put_to_use $DEVICE $((SIZE - 1))

upgrade_all() {
    local i before
    for ((i = 1; i <= upgrades; i++)); do
        busy || { echo "before upgrade $i"; return 1; }
        mark work
        before=$SERVER
        upgrade || { echo "upgrade $i"; return 1; }
        mark upgraded
        [ $SERVER != $before ] && serves $SERVER || return
    done
}
ok "upgraded $upgrades times under load" upgrade_all
gone() { refuses kill -0 $1 2> /dev/null; }

# --- The new process is killed while it gets ready: the old one serves on
busy
zublk upgrade $ID > $OWN/killed 2>&1 &
command=$!
newer() {
    local process
    for process in $(pidof java); do
        tr '\0' ' ' < /proc/$process/cmdline | grep -q 'DeviceMain.* upgrade' || continue
        [ $process = $SERVER ] || { echo $process > $OWN/newer; return; }
    done
    return 1
}
ok "a new process comes" eventually newer
kill -KILL $(cat $OWN/newer)
refuses wait $command
ok "killed, it is told of" grep -q "process $SERVER serves it on" $OWN/killed
ok "... and the old one serves" serves $SERVER
busy

# --- What its users have
nobody_noticed $DEVICE
ok "no request has failed" no_failures
for kind in upgraded work; do pauses $kind; done
grep -E 'left to another|serving' $ZUBLK_RUN_DIR/$ID/log | tail -n 4 | sed 's/^/# /'
ok "remove" remove
ok "nothing is left" eventually nothing_left
finish
