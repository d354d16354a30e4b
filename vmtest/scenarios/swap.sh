# A device that its machine may swap to: each protection is in effect in the running process, and it
# is refused where one cannot be had.
# guest: uml
# limit: 120
# memory: 512
. /payload/lib.sh

# --- Refused where it cannot be
remember
refused_where_it_cannot_be

# --- In effect in the running process
must "create" eval 'create --size 1G --swap 2> $OWN/notices'
protected_for_swap

# --- Used
ok "swap to it" eval 'mkswap $DEVICE > /dev/null && swapon -d $DEVICE'
ok "it says so" test "$(zublk list -n -o MOUNTPOINT)" = "[SWAP]"
ok "an upgrade is refused" fails_with 'is for swap (--swap)' zublk upgrade $ID
ok "... which changes nothing" test "$(stat_of pid)" = $SERVER
ok "end it" swapoff $DEVICE
ok "remove" remove
ok "nothing is left" nothing_left

finish
