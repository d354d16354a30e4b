# A machine swaps to zublk: twice its memory is touched and every byte checked, while its server is
# killed and recovered; swap comes and goes under pressure; half of what was swapped out is freed, a
# page here and there. A task that hangs is a panic. Beside it the same with kernel zram.
#
# ZUBLK_SWAP_WITHOUT=io-flusher,lock,reserve leaves protections out, to see what each is for.
# by hand, until it has been seen green often: run --guest uml --memory 512 --limit 300
# ten minutes of it: ZUBLK_LONG=1 run --guest uml --memory 512 --limit 900
# limit: 300
# memory: 512
# add: target/test-classes
. /payload/lib.sh

seconds=20 longest=20
[ -z "${LONG:-}" ] || longest=600
[ -z "${WITHOUT:-}" ] || export ZUBLK_JAVA_OPTIONS=-Dzublk.swap.without=$WITHOUT
eat=$(($(awk '/^MemTotal/ {print $2}' /proc/meminfo) * 2 / 1024))
JVM=(java -XX:+UseSerialGC -Xmx16m -XX:TieredStopAtLevel=1 -Xshare:auto -XX:-UsePerfData
    --enable-native-access=ALL-UNNAMED -cp /payload/test-classes)
EATER=("${JVM[@]}" io.zublk.vmtest.SwapEater)

echo 1 > /proc/sys/kernel/hung_task_panic
echo 100 > /proc/sys/kernel/hung_task_timeout_secs
# That the kernel found no memory for itself, and says where, is what this is about.
kernel_complaints() { dmesg | grep -E 'BUG:|Oops|blocked for more than'; }

# While the server is dead, whatever was swapped out waits: this shell, and the files of a tmpfs
# that may be swapped out. Who recovers is locked, and all it reads lies in one that may not.
SAFE=/run/safe
mkdir $SAFE
rm -rf /payload/dist/aot # 64 MiB, which lie on a disk elsewhere; here they would be memory
mount -t tmpfs -o noswap tmpfs $SAFE
cp -r /payload/dist /payload/test-classes $SAFE/
export ZUBLK_RUN_DIR=$SAFE/zublk

# --- Refused where it cannot be
remember
refused_where_it_cannot_be

# --- In effect in the running process
must "create" eval 'create --size $((eat + eat / 2))M --swap --on-crash keep 2> $OWN/notices'
protected_for_swap

# --- Swapped to
swap_to() { mkswap $1 > /dev/null && swapon -d $1; }
# eats MIB SECONDS NAME [FILE] : needs so much memory for so long, and until there is a file, and finds
# every byte right
eats() {
    "${EATER[@]}" $1 $2 ${4:-} > $OWN/$3 2>&1
    tail -n 3 $OWN/$3
    grep '^right' $OWN/$3 && echo "$3 $(grep '^right' $OWN/$3)" >> $OWN/eaten
}
# swapped_out MIB : so much is in swap; the guest's kernel does not count what ever was
swapped_out() { [ "$(awk 'NR > 1 {used += $4} END {print used + 0}' /proc/swaps)" -gt $(($1 << 10)) ]; }
show() {
    zublk stat $ID --json > $OWN/stat
    for name in orig_data_size compr_data_size mem_used_total mem_used_max reserve_bytes \
        reserve_failures failed_writes failed_reads swap_absent_bytes swap_unprotected_threads; do
        echo -n "$name $(field $name < $OWN/stat) "
    done
}
must "swap to it" swap_to $DEVICE
eats $eat $longest zublk & eater=$!
ok "a program needs $eat MiB" eventually swapped_out $((eat / 4))
ok "... twice the memory there is, and finds every byte right" wait $eater
note "after it: $(show)"
ok "no read has failed" test "$(field failed_reads < $OWN/stat)" = 0

# --- Half of it freed
# freed_at_random NAME MEMORY… : two programs fill what the machine has not got, free half of their pages at
# random, and find the others right; what MEMORY… prints before and after is noted. Two, as the host maps each
# page that is there of a program of UML's, and has its limit: 65530, 256 MiB (vm.max_map_count). One that
# comes to it never ends.
freed_at_random() {
    local name=$1 half; shift
    rm -f $OWN/enough.?
    for half in 1 2; do
        "${JVM[@]}" io.zublk.vmtest.SwapChurn $((eat / 2)) $OWN/enough.$half > $OWN/churn.$half 2>&1 &
    done
    both_say filled || return
    echo "$name, filled: $("$@")" >> $OWN/eaten
    touch $OWN/enough.1 $OWN/enough.2
    both_say freed || return
    # The kernel discards, and a worker gives memory back, in their own time.
    sleep 5
    echo "$name, half freed: $("$@")" >> $OWN/eaten
    touch $OWN/enough.1 $OWN/enough.2
    both_say right
}
both_say() {
    local half
    for half in 1 2; do
        eventually grep -q "^$1" $OWN/churn.$half || { cat $OWN/churn.$half; return 1; }
    done
}
swap_used() { awk 'NR > 1 {used += $4} END {printf "%d MiB in swap", used / 1024}' /proc/swaps; }
our_memory() {
    zublk stat $ID --json > $OWN/stat
    echo "$(swap_used), $(($(field mem_used_total < $OWN/stat) >> 20)) MiB taken, of which" \
        "$(($(field reserve_bytes < $OWN/stat) >> 20)) MiB reserve," \
        "$(($(field orig_data_size < $OWN/stat) >> 20)) MiB of pages held"
}
ok "half of it is freed at random, the rest is right" freed_at_random zublk our_memory
tail -n 2 $OWN/eaten | sed 's/^/# /'

# --- Killed and recovered
recovers() {
    java -XX:+UseSerialGC -Xmx16m -Xss256k -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
        --enable-native-access=ALL-UNNAMED -cp $SAFE/test-classes \
        io.zublk.vmtest.SwapKeeper $SERVER $SAFE/dist/bin/zublk recover $ID --json > $OWN/served
    cat $OWN/served
    SERVER=$(field pid < $OWN/served)
    [ -n "$SERVER" ] && [ "$(stat_of swap_unprotected_threads)" = 0 ]
}
# Who recovers takes some 200 MiB, and hangs, or others are killed, if they are not to be had: see docs/swap.md.
memory_free() {
    local free; free=$(awk '/^MemAvailable/ {print $2}' /proc/meminfo)
    echo "$free KiB available"
    [ "$free" -gt $(($1 << 10)) ]
}
small=$((eat / 8))
"${EATER[@]}" $small 1 $OWN/over > $OWN/recovered 2>&1 & eater=$!
ok "a smaller program" eventually grep -q '^round 0' $OWN/recovered
kill -STOP $eater
"${EATER[@]}" $((eat * 3 / 4)) 1 > /dev/null
ok "... is swapped out" swapped_out $((small / 2))
# The kernel discards what a program leaves in swap, and then a worker gives memory back: both in their own time.
ok "... what the others had is free again" eventually memory_free 215
ok "the server is killed, and recovered" recovers
kill -CONT $eater
touch $OWN/over
ok "... of which the program sees nothing" eval 'wait $eater && grep ^right $OWN/recovered'
note "after it: $(show)"
ok "no read has failed" test "$(field failed_reads < $OWN/stat)" = 0

# --- Comes and goes
rm $OWN/over
eats $((eat / 8)) 1 pressed $OWN/over & eater=$!
fill() { "${EATER[@]}" $((eat / 2)) 1; }
ok "others need memory, too" fill
ok "swapoff under pressure" swapoff $DEVICE
ok "swapon again" swapon -d $DEVICE
ok "others need memory again" fill
touch $OWN/over
ok "... and every byte was right" wait $eater
ok "swapoff, when all have ended" swapoff $DEVICE
# Which the kernel tells nobody.
ok "discard all" blkdiscard -f $DEVICE
ok "its memory comes back" eventually memory_below $(($(stat_of reserve_bytes_max) + (8 << 20)))
ok "remove" remove
ok "nothing is left" nothing_left

# --- Killed while memory is short: a standby is there already, and locked
# As on a disk: of what it has not read yet, nothing is swapped out when it is needed.
ZUBLK=$SAFE/dist/bin/zublk
must "create one with a standby" eval 'create --size $((eat + eat / 2))M --swap --standby 2> /dev/null'
has_standby() { kill -0 "$(stat_of standby)"; }
ok "its standby comes" eventually has_standby
is_locked() { awk '/^VmLck/ {print} /^VmLck/ && $2 > 30000 {locked = 1} END {exit !locked}' "/proc/$1/status"; }
ok "... and is locked" eval 'is_locked "$(stat_of standby)"'
must "swap to it" swap_to $DEVICE
rm $OWN/over
# Less than before, as a third process starts when the second goes on: each takes 110 MiB and more, locked.
eats $((eat / 2)) 1 stood-by $OWN/over & eater=$!
ok "a program needs $((eat / 2)) MiB" eventually swapped_out $((eat / 4))
recovered() { [ "$(stat_of recoveries)" = "$1" ]; }
kill_under_pressure() {
    local i
    for ((i = 1; i <= 3; i++)); do
        eventually has_standby || { echo "before death $i"; return 1; }
        kill -KILL "$(stat_of pid)"
        eventually recovered $i || { echo "death $i"; return 1; }
    done
}
ok "killed three times while it needs them" kill_under_pressure
touch $OWN/over
ok "... of which the program sees nothing" wait $eater
note "after it: $(show)"
ok "all threads are protected as they were" test "$(field swap_unprotected_threads < $OWN/stat)" = 0
ok "no read has failed" test "$(field failed_reads < $OWN/stat)" = 0
ok "swapoff" swapoff $DEVICE
ok "remove" remove
ok "nothing is left" nothing_left

# --- Kernel zram with the same program
zram() {
    echo $((eat + eat / 2))M > /sys/block/zram0/disksize && swap_to /dev/zram0
}
[ -b /dev/zram0 ] || cat /sys/class/zram-control/hot_add > /dev/null
must "swap to kernel zram" zram
eats $eat $seconds zram & eater=$!
ok "the program needs $eat MiB" eventually swapped_out $((eat / 4))
ok "... and finds every byte right" wait $eater
note "zram mm_stat: $(cat /sys/block/zram0/mm_stat)"
zrams_memory() {
    awk -v swap="$(swap_used)" '{printf "%s, %d MiB taken, %d MiB of pages held", swap, $3 / 2^20, $1 / 2^20}' \
        /sys/block/zram0/mm_stat
}
ok "half of it is freed at random, the rest is right" freed_at_random zram zrams_memory
ok "swapoff" swapoff /dev/zram0
sed 's/^/# /' $OWN/eaten

finish
