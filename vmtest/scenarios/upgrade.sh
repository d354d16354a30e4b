# The process of a ublk device is replaced under load, by "zublk upgrade", again and again: its users
# notice a pause. Where the driver cannot hold requests back (before Linux 6.16) the old process ends
# and the new one recovers the device: for QEMU run it by hand, until that has been seen to its end.
# guest: uml
# limit: 400
# add: ../ublk/target/test-classes
. /payload/lib.sh

upgrades=5
# A JVM takes five times as long to start where all is emulated.
[ "$GUEST" = uml ] || upgrades=2
[ -z "${LONG:-}" ] || upgrades=50

SIZE=64 # MiB; the file system leaves the last one to the probe
lib=/payload/dist/lib
PROBE=(java -XX:+UseSerialGC -Xmx64m -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED
    -cp "$lib/zublk-ublk.jar:$lib/zublk-uring.jar:$lib/zublk-block.jar:/payload/test-classes"
    io.zublk.ublk.examples.PauseProbe)
probes() { kill -0 $probe && grep -q '^probing' $OWN/probe; }
mark() { echo "$1" > $OWN/in.probe; }
pauses() {
    local all; mapfile -t all < <(sed -n "s/^$1 //p" $OWN/probe | sort -n)
    [ ${#all[@]} -gt 0 ] || return
    note "pause, $1, ms: p50 ${all[${#all[@]} * 50 / 100]}, p99 ${all[${#all[@]} * 99 / 100]}, max ${all[-1]}, of ${#all[@]}"
}

# Writes and verifies the same file again and again until it is told to end.
load() {
    while [ ! -e $OWN/enough ]; do
        fio --name=load --directory=/mnt --direct=1 --ioengine=io_uring --rw=randwrite \
            --bsrange=4k-64k --size=12m --iodepth=16 --numjobs=2 --fsync=64 --verify=crc32c \
            --verify_fatal=1 --verify_state_save=0 --output=$OWN/fio || { cat $OWN/fio; return 1; }
        rounds=$((rounds + 1))
    done
    echo "$rounds rounds"
}
busy() { kill -0 $job && eventually has_served $DEVICE $(($(served $DEVICE) + 200)); }
io_errors() { dmesg | grep -E 'I/O error|EXT4-fs error|EXT4-fs warning|Aborting journal|lost'; }
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
dd if=/dev/urandom of=$DEVICE bs=4k count=1 seek=$(((SIZE - 1) * 256)) oflag=direct conv=notrunc status=none
must "a file system" mkfs.ext4 -q $DEVICE $(((SIZE - 1) << 10))
mount -t ext4 $DEVICE /mnt
mkfifo $OWN/in.probe
# Not in a function, whose shell would be what is killed.
"${PROBE[@]}" $DEVICE $(((SIZE - 1) << 20)) <> $OWN/in.probe > $OWN/probe 2>&1 &
probe=$!
must "its user is there" eventually probes
rounds=0
load > $OWN/load 2>&1 &
job=$!

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
touch $OWN/enough
wait $job
ok "every block was right, no user had an error" test $? = 0
tail -n 5 $OWN/load | sed 's/^/# /'
ok "the probe neither" probes
kill $probe
wait $probe 2> /dev/null
umount /mnt
ok "the file system is clean" e2fsck -fn $DEVICE
ok "the kernel reported no error" refuses io_errors
ok "no request has failed" no_failures
for kind in upgraded work; do pauses $kind; done
grep -E 'left to another|serving' $ZUBLK_RUN_DIR/$ID/log | tail -n 4 | sed 's/^/# /'
ok "remove" remove
ok "nothing is left" eventually nothing_left
finish
