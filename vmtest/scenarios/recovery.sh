# A ublk device outlives its server: killed, stopped for a while, killed again while it recovers,
# or handed over, all under load, and its users notice nothing but a pause. The long form, with
# ZUBLK_LONG=1 in the environment of "run", does it a thousand times.
# guest: uml
# guest, long: qemu
# limit: 600
# add: ../ublk/target/test-classes
. /payload/lib.sh

SIZE=96 # MiB; the file system leaves the last one to the probe
queues=$(nproc)
kills=10 rounds=1 hand_overs=10 stopped=5
[ -z "${LONG:-}" ] || kills=100 rounds=10 hand_overs=50 stopped=60

lib=/payload/dist/lib
JVM=(java -XX:+UseSerialGC -Xmx64m -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED
    -cp "$lib/zublk-ublk.jar:$lib/zublk-uring.jar:$lib/zublk-block.jar:/payload/test-classes")
jvm() { "${JVM[@]}" "io.zublk.ublk.examples.$1" "${@:2}"; }

# start NUMBER WAY [ID] : a server whose input is the pipe $OWN/in.NUMBER, and its output $OWN/out.NUMBER
start() {
    rm -f "$OWN/in.$1"
    mkfifo "$OWN/in.$1"
    : > "$OWN/out.$1" # before the server opens it: what the last one said is not this one's word
    # Opened for both, so that neither side waits for the other, nor sees an end.
    "${JVM[@]}" io.zublk.ublk.examples.PersistentDevice $options "$OWN/store" $SIZE "$queues" \
        "${@:2}" <> "$OWN/in.$1" > "$OWN/out.$1" 2>&1 &
    SERVER=$!
}
serving() { grep -q '^/dev/ublkb' "$OWN/out.$1" || { cat "$OWN/out.$1"; return 1; }; }
tell() { echo "$2" > "$OWN/in.$1"; }
# dies PROCESS : it is killed and gone
dies() { kill -KILL "$1"; wait "$1" 2> /dev/null; }

# recovers NUMBER : a new server takes the device
recovers() { start "$1" recover 0 && eventually serving "$1"; }

refused() { fails_with "$1" jvm PersistentDevice "${@:2}" < /dev/null; }

expect_waiting
remember
options=${OPTIONS:-}
must "a device that can be recovered is served" eval 'start 0 new && eventually serving 0'
DEVICE=/dev/ublkb0
sed 's/^/# /' $OWN/out.0
ok "one that lives is not recovered" refused "is served by process $SERVER" $OWN/store $SIZE 1 recover 0
ok "there is none to recover" refused 'there is no ublk device 7' $OWN/store $SIZE 1 recover 7
put_to_use $DEVICE $((SIZE - 1))

# --- Killed
kill_and_recover() {
    local i
    for ((i = 1; i <= kills; i++)); do
        busy || { echo "before kill $i"; return 1; }
        mark work
        dies $SERVER
        recovers $((i % 2)) || { echo "kill $i"; return 1; }
        mark killed
    done
}
for ((round = 1; round <= rounds; round++)); do
    ok "killed under load and recovered, $((round * kills)) times" kill_and_recover
done

# --- Not what it was
busy
dies $SERVER
ok "another identity is refused" refused 'its identity is not ours' --cookie=7 $OWN/store $SIZE 1 recover 0
# A server may die when it has changed the size, and not yet told the driver.
sectors() { cat /sys/block/ublkb0/size; }
if [ "$GUEST" = uml ]; then
    SIZE=$((SIZE + 32))
    ok "another size is told to the driver" recovers 0
    ok "... of which its users know" test "$(sectors)" = $((SIZE * 2048))
else
    cp --sparse=always $OWN/store $OWN/other
    ok "another size is refused" refused 'has 100663296 bytes in blocks of 4096' $OWN/other 32 1 recover 0
    rm $OWN/other
    ok "it can still be recovered" recovers 0
fi
mark refused

# --- Killed while it recovers
dying() { jvm DyingRecovery "$1" $OWN/store $SIZE 0 | tee $OWN/dying; grep -q dies $OWN/dying; }
steps="begun opened half fetched"
[ "$GUEST" = uml ] || steps="begun opened fetched" # for the other one, see the end
for step in $steps; do
    busy
    dies $SERVER
    ok "a recovery that dies: $step" dying $step
    ok "... is recovered" recovers 0
    mark dying
done

# --- Stopped for a while
busy
mark work
kill -STOP $SERVER
sleep $stopped
kill -CONT $SERVER
ok "stopped for $stopped s, it goes on" busy
mark stopped

# --- Handed over
hand_over() {
    local i old=$1 new
    for ((i = 1; i <= hand_overs; i++)); do
        busy || { echo "before hand-over $i"; return 1; }
        new=$((1 - old))
        before=$SERVER
        start $new await 0
        eventually grep -q ready $OWN/out.$new || return
        mark work
        tell $old "hand over"
        tell $new go
        wait $before || { cat $OWN/out.$old; return 1; }
        eventually serving $new || { echo "hand-over $i"; return 1; }
        mark handed-over
        old=$new
    done
    last=$old
}
ok "handed over $hand_overs times under load" hand_over 0

# --- What its users have
nobody_noticed $DEVICE
for kind in killed dying stopped handed-over work; do pauses $kind; done

# --- Its end: what was written is there, also what is only in the kernel's cache
head -c $((4 << 20)) /dev/urandom > $OWN/data
exec 5<> $DEVICE
cat $OWN/data >&5
tell $last stop
ok "its disk goes while it is open" eventually refuses test -e $DEVICE
ok "... what was in the kernel's cache is in the store" cmp -n $((4 << 20)) $OWN/data $OWN/store
exec 5>&- # until then the driver does not delete it
wait $SERVER
ok "... it ends" test $? = 0

# --- Drivers before Linux 6.15 do not survive a recovery that was cut off while it lent tags.
# Ours does that with one system call, so none but this example leaves such a device. They wait for
# it, a minute, and the kernel warns.
if [ "$GUEST" = qemu ] && [ -n "${LONG:-}" ]; then
    start 0 new && eventually serving 0
    dies $SERVER
    ok "a recovery that dies on an old driver" dying half
    ok "... the next one is refused" refused 'an attempt was cut off' $OWN/store $SIZE 1 recover 0
    ok "... the device can be deleted" jvm Devices 0
    dmesg -c > $OWN/warned
fi
rm -f $OWN/store
ok "nothing is left" eventually nothing_left
finish
