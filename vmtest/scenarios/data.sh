# Data through the block layer: what is written is read, what is discarded is given back.
# guest: uml
# limit: 400
. /payload/lib.sh

mixed_data $OWN/small 16
mixed_data $OWN/large 48
remember

coder_is_made() { [ "$(stat_of line_coder)" != training ]; } # until then lz4 has all pages

for algorithm in lz4 zstd line+lz4; do
    must "$algorithm: create" create --size 512M --algorithm $algorithm
    ok "$algorithm: its coder is made" eventually coder_is_made
    ok "$algorithm: has the size that was asked for" \
        test "$(blockdev --getsize64 $DEVICE)" = $((512 << 20))
    ok "$algorithm: a new device reads as zeros" reads_zero $DEVICE 8

    ok "$algorithm: O_DIRECT write at 4K" put $OWN/small $DEVICE 0 4k
    ok "$algorithm: O_DIRECT write at 64K" put $OWN/large $DEVICE 20 64k
    ok "$algorithm: O_DIRECT write at 1M" put $OWN/large $DEVICE 70 1M
    ok "$algorithm: O_DIRECT read at 4K" same_data $OWN/small $DEVICE 0 4k
    ok "$algorithm: O_DIRECT read at 64K" same_data $OWN/large $DEVICE 20 64k
    ok "$algorithm: O_DIRECT read at 1M" same_data $OWN/large $DEVICE 70 1M
    ok "$algorithm: 1M write reads back at 4K" same_data $OWN/small $DEVICE 0 1M
    ok "$algorithm: overwriting part of it" put $OWN/small $DEVICE 86 64k
    ok "$algorithm: ... changes that part" same_data $OWN/small $DEVICE 86 1M
    ok "$algorithm: through the page cache" \
        dd if=$OWN/large of=$DEVICE bs=64k seek=5000 conv=notrunc,fsync status=none
    no_cache
    dd if=$DEVICE bs=64k skip=5000 count=$((48 * 16)) status=none > $OWN/back
    ok "$algorithm: ... and back" cmp $OWN/large $OWN/back

    stored=$(stat_of mem_used_total)
    written=$(stat_of orig_data_size)
    note "$algorithm: orig_data_size $written, mem_used_total $stored"
    ok "$algorithm: stat counts what was written" test "$written" -ge $((140 << 20))
    ok "$algorithm: ... in less memory" test "$stored" -lt "$written"
    ok "$algorithm: ... noise as huge pages" test "$(stat_of huge_pages)" -gt 0

    ok "$algorithm: blkdiscard" blkdiscard -f $DEVICE
    ok "$algorithm: ... gives the memory back" eventually memory_below $((stored / 4))
    ok "$algorithm: ... leaves no data" test "$(stat_of orig_data_size)" = 0
    ok "$algorithm: ... reads as zeros" reads_zero $DEVICE 120
    ok "$algorithm: write after discard" put $OWN/small $DEVICE 3 64k
    ok "$algorithm: zeroing a range" blkdiscard -f -z -o $((3 << 20)) -l $((8 << 20)) $DEVICE
    ok "$algorithm: ... reads as zeros" reads_zero $DEVICE 11
    tail -c +$(((8 << 20) + 1)) $OWN/small > $OWN/rest
    ok "$algorithm: ... leaves what is beside it" same_data $OWN/rest $DEVICE 11 64k
    ok "$algorithm: no request failed" no_failures
    ok "$algorithm: remove" remove
done
ok "nothing is left" nothing_left
finish
