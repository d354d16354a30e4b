# A device whose process dies, however that is, is taken into service again by the product's own
# commands, under a mounted file system and a load that verifies what it reads: its users notice
# nothing but a pause. With ZUBLK_LONG=1 in the environment of "run", a thousand kills.
# guest: uml
# guest, long: qemu
# limit: 600
# add: ../ublk/target/test-classes
. /payload/lib.sh

SIZE=96 # MiB; the file system leaves the last one to the probe
kills=8 rounds=1 stopped=5 steps="begun opened half"
# A JVM takes five times as long to start where all is emulated. "half" is what no process of ours
# leaves on a driver before Linux 6.15, see recovery.sh.
[ "$GUEST" = uml ] || kills=2 steps=opened
[ -z "${LONG:-}" ] || kills=100 rounds=10 stopped=60

gone() { refuses kill -0 $SERVER 2> /dev/null; }
dies() { kill "-$1" $SERVER && eventually gone; }
recovers() {
    SERVER=$(zublk recover "$ID" --json | field pid)
    [ -n "$SERVER" ] && kill -0 "$SERVER"
}
is_dead() { zublk stat "$ID" 2>&1 | grep "is dead: $1"; }

expect_waiting
remember
must "create" create --size ${SIZE}M --on-crash keep
put_to_use $DEVICE $((SIZE - 1))

# --- Killed
kill_and_recover() {
    local i
    for ((i = 1; i <= kills; i++)); do
        busy || { echo "before kill $i"; return 1; }
        mark work
        dies KILL
        recovers || { echo "kill $i"; return 1; }
        mark killed
    done
}
for ((round = 1; round <= rounds; round++)); do
    ok "killed under load and recovered, $((round * kills)) times" kill_and_recover
done

# --- Killed while it is recovered
dying() {
    local identity; identity=$(field identity < $ZUBLK_RUN_DIR/$ID/device.json)
    : > $OWN/scratch # what dies before it serves needs no contents
    java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED \
        -cp "/payload/dist/lib/*:/payload/test-classes" io.zublk.ublk.examples.DyingRecovery \
        "$1" $OWN/scratch $SIZE $ID "$identity" | tee $OWN/dying
    grep -q dies $OWN/dying
}
for step in $steps; do
    busy
    dies KILL
    ok "a recovery that dies: $step" dying $step
    ok "... is recovered" recovers
    mark dying
done

if [ "$GUEST" = uml ]; then
    # --- Two who recover it
    busy
    dies KILL
    zublk recover $ID > $OWN/one 2>&1 &
    one=$!
    zublk recover $ID > $OWN/two 2>&1
    two=$?
    wait $one
    ok "of two who recover it one wins" test $(($? + two)) = 1
    ok "... the other one is told" grep -h "device $ID needs no recovery" $OWN/one $OWN/two
    SERVER=$(stat_of pid)

    # --- Crashed
    for signal in ABRT SEGV; do
        busy
        ok "its JVM gets SIG$signal and ends" dies $signal
        ok "... it is dead" is_dead "process $SERVER ended"
        ok "... is recovered" recovers
        mark crashed
    done

    # --- Stopped for a while
    busy
    mark work
    kill -STOP $SERVER
    sleep $stopped
    kill -CONT $SERVER
    ok "stopped for $stopped s, it goes on" busy
    mark stopped

    # --- No room for what a recovery writes down
    busy
    dies KILL
    full=$(df -k /run | awk 'END {print $3}')
    mount -o remount,size=$((full + 4))k /run
    head -c 65536 /dev/zero > /run/full 2> /dev/null
    no_room() {
        zublk recover $ID 2> $OWN/stderr && return 1
        cat $OWN/stderr
        grep 'No space left' $OWN/stderr && [ "$(wc -l < $OWN/stderr)" = 1 ]
    }
    ok "with /run full: refused in one line" no_room
    rm /run/full
    mount -o remount,size=50% /run
    ok "... recovered when there is room" recovers
    mark full
    ok "... and goes on" busy
fi

nobody_noticed $DEVICE
for kind in killed dying crashed stopped full work; do pauses $kind; done
ok "no request failed" no_failures
ok "remove" remove

if [ "$GUEST" = uml ]; then
    # --- All processes at once; then a store that is gone
    mixed_data $OWN/data 4
    must "create a first" create --size 16M --on-crash keep --id 3
    put $OWN/data $DEVICE 0 64k
    first=$SERVER
    must "create a second" create --size 16M --on-crash keep --id 4
    put $OWN/data $DEVICE 4 64k
    kill -KILL $first $SERVER
    eventually gone
    ok "both killed at once: recover the first" zublk recover 3
    ok "... and the second" recovers
    ok "... with the data of the first" same_data $OWN/data /dev/ublkb3 0 64k
    ok "... and the second" same_data $OWN/data /dev/ublkb4 4 64k
    dies KILL
    rm "$(field storeFile < $ZUBLK_RUN_DIR/4/device.json)"
    dd if=$DEVICE of=/dev/null iflag=direct bs=4k count=1 2> $OWN/waiting &
    waiting=$!
    waits() { grep ') D ' /proc/$waiting/stat; }
    ok "its store is gone: its users wait" eventually waits
    ok "... recover refuses" fails_with 'store file .* is gone' zublk recover 4
    ok "... and they have an error" eventually grep -q 'Input/output error' $OWN/waiting
    list_says() { zublk list 2>&1 | grep "$1"; }
    ok "... list says why" list_says 'store file .* is gone'
    ok "... remove" zublk remove 4
    ok "... the other one is there" same_data $OWN/data /dev/ublkb3 0 64k
    ok "... remove that" zublk remove 3

    # --- No room for what it holds next
    must "create a last one" create --size 16M --on-crash keep
    put $OWN/data $DEVICE 0 64k
    dies KILL
    store=$ZUBLK_RUN_DIR/store
    mount -o remount,size="$(df -k $store | awk 'END {print $3}')k" $store
    ok "its store's memory is full: it is recovered" recovers
    ok "... has its data" same_data $OWN/data $DEVICE 0 64k
    head -c $((8 << 20)) /dev/urandom > $OWN/noise
    ok "... takes no more" fails_with 'No space left' put $OWN/noise $DEVICE 4 64k
    mount -o remount,size=50% $store
    ok "... and does when there is room" put $OWN/noise $DEVICE 4 64k
    ok "... which is right" same_data $OWN/noise $DEVICE 4 64k
    ok "... as is what it had" same_data $OWN/data $DEVICE 0 64k
    ok "... remove it" remove
fi
rm -f $OWN/scratch
ok "nothing is left" eventually nothing_left
finish
