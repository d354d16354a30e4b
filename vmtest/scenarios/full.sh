# A device whose memory is full, and file systems on it: who writes is told so, what was there stays
# right, and with memory again, or less in it, writing goes on.
# guest: uml
# limit: 400
. /payload/lib.sh

# ext4 calls it an emergency, which would come amid our lines.
echo 0 > /proc/sys/kernel/printk

MIB=$((1 << 20))
mixed_data $OWN/keep 12
head -c $((48 * MIB)) /dev/urandom > $OWN/noise
head -c $((8 * MIB)) $OWN/noise > $OWN/part
set_limit() { zublk set $ID mem-limit=$1; }
used() { stat_of mem_used_total; }
above_limit() { [ "$(used)" -gt "$(stat_of mem_limit)" ]; }

# --- No file system
must "create" create --size 128M --mem-limit 24M
ok "within the limit" put $OWN/part $DEVICE 0 64k
ok "beyond it: ENOSPC" fails_with "No space left" put $OWN/noise $DEVICE 64 64k
tail -c $((8 * MIB)) $OWN/noise > $OWN/other
ok "at the limit, what is there is overwritten" put $OWN/other $DEVICE 0 64k
ok "... with what was written" same_data $OWN/other $DEVICE 0 64k
ok "the limit was kept" test "$(stat_of mem_used_max)" -le $((24 * MIB))
ok "a limit below what is used" set_limit 8M
ok "... takes nothing away" above_limit
ok "... and refuses more" fails_with "No space left" put $OWN/part $DEVICE 120 64k
ok "... but not what takes the place of other data" put $OWN/part $DEVICE 0 64k
ok "... which is right" same_data $OWN/part $DEVICE 0 64k
ok "half of that given back" blkdiscard -f -o $((16 * MIB)) -l $((112 * MIB)) $DEVICE
ok "... a limit above what is left" set_limit 32M
ok "... lets writing go on" put $OWN/part $DEVICE 32 64k
ok "remove" remove

# --- File systems
is_clean() { case $1 in ext4) e2fsck -fn $DEVICE ;; xfs) xfs_repair -n $DEVICE ;; esac; }
make() { case $1 in ext4) mkfs.ext4 -q $DEVICE ;; xfs) mkfs.xfs -q $DEVICE ;; esac; }
# If a write of theirs failed that they cannot do without, they stop: ext4 goes read-only, and xfs gives
# EIO to whoever reads, until they are mounted again. state : what became of it
state() {
    echo "$(mounted_as), it reads $(kept > /dev/null 2>&1 && echo on || echo nothing)"
}
mounted_as() { sed -n "s,^$DEVICE /mnt [^ ]* \(r[ow]\).*,\1,p" /proc/mounts; }
TOLD='No space left\|Read-only\|Input/output'
# fill : writes more than there is memory for, until it fails
fill() { dd if=$OWN/noise of=/mnt/noise bs=64k conv=fsync status=none; }
kept() { no_cache && cmp $OWN/keep /mnt/keep; }
again() { no_cache && umount /mnt && mount -t $1 $DEVICE /mnt; }

for fs in ext4 xfs; do
    must "$fs: create" create --size 512M --mem-limit 32M
    must "$fs: mkfs" make $fs
    must "$fs: mount" mount -t $fs $DEVICE /mnt
    ok "$fs: a file" cp $OWN/keep /mnt/keep
    ok "$fs: ... on the device" sync
    ok "$fs: a file that does not fit: who writes it is told" fails_with "$TOLD" fill
    note "$fs: $(state)"
    ok "$fs: room again" set_limit 128M
    ok "$fs: mounted again" again $fs
    ok "$fs: what was there is right" kept
    ok "$fs: writing goes on" fill
    ok "$fs: ... and is right" eval 'no_cache && cmp $OWN/noise /mnt/noise'
    ok "$fs: a limit below what is used" set_limit 24M
    ok "$fs: ... of which who writes is told" \
        fails_with "$TOLD" \
        dd if=$OWN/noise of=/mnt/more bs=64k conv=fsync status=none
    note "$fs: $(state)"
    ok "$fs: a little more" set_limit $(($(used) + 4 * MIB))
    ok "$fs: mounted again" again $fs
    ok "$fs: what was there is right" kept
    ok "$fs: files are deleted" rm -f /mnt/noise /mnt/more
    ok "$fs: ... and trimmed" eval 'sync && fstrim /mnt'
    ok "$fs: ... which makes room" eventually memory_below $((24 * MIB))
    ok "$fs: the limit as it was" set_limit 32M
    ok "$fs: writing goes on" cp $OWN/part /mnt/part
    ok "$fs: ... and is right" eval 'no_cache && cmp $OWN/part /mnt/part && kept'
    ok "$fs: unmount" umount /mnt
    ok "$fs: its check is content" is_clean $fs
    ok "$fs: remove" remove
done

# What a file system says of a device that is full is no bug.
kernel_complaints() { dmesg | grep -E 'BUG:|Oops|blocked for more than'; }
finish
