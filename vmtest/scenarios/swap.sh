# A device that its machine may swap to: each protection is in effect in the running process, and it
# is refused where one cannot be had.
# guest: uml
# limit: 120
# memory: 512
. /payload/lib.sh

# --- Refused where it cannot be
remember
ok "refused over NBD" refuses_clearly --size 64M --swap --transport nbd
ok "... which says why" grep -q 'swaps over NBD' $OWN/stderr
ok "refused without CAP_SYS_RESOURCE" fails_with 'needs CAP_SYS_RESOURCE' \
    setpriv --bounding-set -sys_resource $ZUBLK create --size 64M --swap --transport ublk
# A mount that somebody uses is taken as it is.
mkdir -p $ZUBLK_RUN_DIR/store
mount -t tmpfs tmpfs $ZUBLK_RUN_DIR/store
touch $ZUBLK_RUN_DIR/store/somebodys
must "refused where the store may be swapped out" \
    fails_with 'may be swapped out' zublk create --size 64M --swap --transport ublk
umount $ZUBLK_RUN_DIR/store
rm -rf $ZUBLK_RUN_DIR
ok "nothing is left" nothing_left

# --- In effect in the running process
must "create" eval 'create --size 1G --swap 2> $OWN/notices'
ok "it says how to swap to it" \
    grep -q "mkswap $DEVICE && swapon --discard --priority 100 $DEVICE" $OWN/notices
for task in /proc/$SERVER/task/*; do
    # Field 9: PF_MEMALLOC_NOIO | PF_LOCAL_THROTTLE; no name of a thread of ours has a bracket.
    flags=$(sed 's/.*) //' "$task/stat" | cut -d ' ' -f 7)
    [ $((flags & 0x180000)) = $((0x180000)) ] || cat "$task/comm"
done > $OWN/others
ok "every thread is an I/O flusher" test ! -s $OWN/others
ok "... and there are many" test "$(ls /proc/$SERVER/task | wc -l)" -gt 10
ok "it is never killed for want of memory" test "$(cat /proc/$SERVER/oom_score_adj)" = -1000
ok "it has no huge pages" grep -q '^THP_enabled:[[:space:]]*0' /proc/$SERVER/status
ok "its memory is locked" test "$(awk '/^VmLck/ {print $2}' /proc/$SERVER/status)" -gt 30000
# What a JVM allocates after its start may be absent, a little.
ok "... and there" test "$(stat_of swap_absent_bytes)" -lt $((8 << 20))
ok "its store is thin" test "$(du -k $ZUBLK_RUN_DIR/store/$ID.store | cut -f 1)" -lt 80000
ok "a reserve is ready" test "$(stat_of reserve_bytes)" = "$(stat_of reserve_bytes_max)"
note "process: $(awk '/^(VmRSS|VmLck|RssAnon|RssFile|RssShmem)/ {printf "%s %d MiB ", $1, $2 / 1024}' /proc/$SERVER/status)"
note "reserve $(stat_of reserve_bytes), absent $(stat_of swap_absent_bytes)"
note "machine: $(awk '/^(MemTotal|MemAvailable)/ {printf "%s %d MiB ", $1, $2 / 1024}' /proc/meminfo)"

# --- Used
ok "swap to it" eval 'mkswap $DEVICE > /dev/null && swapon -d $DEVICE'
ok "it says so" test "$(zublk list -n -o MOUNTPOINT)" = "[SWAP]"
ok "end it" swapoff $DEVICE
ok "remove" remove
ok "nothing is left" nothing_left

finish
