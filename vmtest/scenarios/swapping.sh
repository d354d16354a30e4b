# A machine swaps to zublk: twice its memory is touched and every byte checked, while its server is
# killed and recovered; swap comes and goes under pressure; half of what was swapped out is freed, a
# page here and there. A task that hangs is a panic. Beside it the same with kernel zram.
#
# with two CPUs: run --cpus 2 --limit 600; ten minutes of it: ZUBLK_LONG=1 run --limit 1500
# guest, long: uml
# limit: 400
# memory: 512
# add: target/test-classes
. /payload/lib.sh

seconds=20 longest=20
[ -z "${LONG:-}" ] || longest=600
stay_where_nothing_is_swapped_out

# --- Refused where it cannot be
remember
refused_where_it_cannot_be

# --- In effect in the running process
must "create" eval 'create --size $((eat + eat / 2))M --swap --on-crash keep 2> $OWN/notices'
protected_for_swap

# --- Swapped to
must "swap to it" swap_to $DEVICE
eats $eat $longest zublk & eater=$!
ok "a program needs $eat MiB" swaps_out $eater $((eat / 4))
ok "... twice the memory there is, and finds every byte right" wait $eater
note "after it: $(show)"
ok "no read has failed" test "$(taken failed_reads)" = 0

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
    take_stat $ID
    echo "$(swap_used), $(($(taken mem_used_total) >> 20)) MiB taken, of which" \
        "$(($(taken reserve_bytes) >> 20)) MiB reserve," \
        "$(($(taken orig_data_size) >> 20)) MiB of pages held"
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
    local free; free=$(available)
    echo "$free MiB available"
    [ "$free" -gt "$1" ]
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
ok "no read has failed" test "$(taken failed_reads)" = 0

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

# --- Kernel zram with the same program
zram() {
    echo $((eat + eat / 2))M > /sys/block/zram0/disksize && swap_to /dev/zram0
}
[ -b /dev/zram0 ] || cat /sys/class/zram-control/hot_add > /dev/null
must "swap to kernel zram" zram
eats $eat $seconds zram & eater=$!
ok "the program needs $eat MiB" swaps_out $eater $((eat / 4))
ok "... and finds every byte right" wait $eater
note "zram mm_stat: $(cat /sys/block/zram0/mm_stat)"
zrams_memory() {
    awk -v swap="$(swap_used)" '{printf "%s, %d MiB taken, %d MiB of pages held", swap, $3 / 1048576, $1 / 1048576}' \
        /sys/block/zram0/mm_stat
}
ok "half of it is freed at random, the rest is right" freed_at_random zram zrams_memory
ok "swapoff" swapoff /dev/zram0
sed 's/^/# /' $OWN/eaten

finish
