# A file system on the device, with a real tree of files: the JDK.
# guest: uml
# limit: 400
. /payload/lib.sh

checksums() { (cd "$1" && find . -type f | sort | xargs sha256sum); }
is_clean() { e2fsck -fn $DEVICE; }
remount() { umount /mnt && no_cache && mount -t ext4 $DEVICE /mnt; }

checksums /opt/jdk > $OWN/sums
ok "the tree is real" test "$(du -sm /opt/jdk | cut -f 1)" -ge 100 -a "$(wc -l < $OWN/sums)" -ge 100
note "$(wc -l < $OWN/sums) files, $(du -sm /opt/jdk | cut -f 1) MiB"

for algorithm in lz4 zstd; do
    must "$algorithm: create" create --size 1G --algorithm $algorithm
    must "$algorithm: mkfs.ext4" mkfs.ext4 -q $DEVICE
    must "$algorithm: mount" mount -t ext4 $DEVICE /mnt
    empty=$(stat_of mem_used_total)
    ok "$algorithm: copy the tree" cp -a /opt/jdk /mnt/
    must "$algorithm: remount" remount
    ok "$algorithm: every file has its checksum" diff $OWN/sums <(checksums /mnt/jdk)
    full=$(stat_of mem_used_total)
    note "$algorithm: mem_used_total empty $empty, with the tree $full of $(stat_of orig_data_size)"
    ok "$algorithm: the tree takes less than its size" \
        test $((full - empty)) -lt $(($(du -sm /opt/jdk | cut -f 1) << 20))

    ok "$algorithm: delete the tree" rm -rf /mnt/jdk
    sync # ext4 frees the blocks only when the deletion is in its journal
    ok "$algorithm: fstrim" fstrim -v /mnt
    ok "$algorithm: ... gives the memory back" \
        eventually memory_below $((empty + (full - empty) / 4))
    ok "$algorithm: copy again into the trimmed space" cp -a /opt/jdk/lib /mnt/
    ok "$algorithm: unmount" umount /mnt
    ok "$algorithm: fsck is content" is_clean
    ok "$algorithm: remove" remove
done
finish
