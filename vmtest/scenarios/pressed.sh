# The server of swap is killed while its machine has no memory left: a second process is there already,
# locked as the first one was, and takes what it needs from nobody. A task that hangs is a panic.
# guest: uml
# limit: 300
# memory: 512
# add: target/test-classes
. /payload/lib.sh

stay_where_nothing_is_swapped_out
# As from a disk: of what the standby has not read yet, nothing is swapped out when it is needed.
ZUBLK=$SAFE/dist/bin/zublk
remember
# The device's three processes, for another one starts when the second goes on, have half of the memory. A program
# that needs two thirds of all leaves some 20 MiB, once its pages are compressed. One that needs more, or a larger
# device, which stale pages fill (docs/swap.md), leaves none, and then the kernel kills, or hangs in looking for some.
needs=$((eat / 3))
must "create" eval 'create --size $((needs * 5 / 4))M --swap --standby 2> $OWN/notices'
ok "its standby comes" eventually has_standby
is_locked() { awk '/^VmLck/ {print} /^VmLck/ && $2 > 30000 {locked = 1} END {exit !locked}' "/proc/$1/status"; }
ok "... and is locked" eval 'is_locked "$(stat_of standby)"'
must "swap to it" swap_to $DEVICE
eats $needs 1 pressed $OWN/over & eater=$!
ok "a program needs $needs MiB" swaps_out $eater $((needs / 2))
kill_under_pressure() {
    local i
    for ((i = 1; i <= 3; i++)); do
        eventually has_standby || { echo "before death $i"; return 1; }
        echo "death $i, with $(available) MiB available" >> $OWN/deaths
        kill -KILL "$(stat_of pid)"
        eventually recovered $i || { echo "death $i"; return 1; }
    done
}
ok "its server is killed three times" kill_under_pressure
sed 's/^/# /' $OWN/deaths
touch $OWN/over
ok "... of which the program sees nothing" wait $eater
note "after it: $(show)"
ok "every thread is an I/O flusher as before" test "$(taken swap_unprotected_threads)" = 0
ok "no read has failed" test "$(taken failed_reads)" = 0
ok "swapoff" swapoff $DEVICE
ok "remove" remove
ok "nothing is left" nothing_left
finish
