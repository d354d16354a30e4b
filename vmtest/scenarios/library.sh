# The ublk library by itself: its two examples. (The other kernel gets its turn in ublk.sh.)
# guest: uml
# limit: 400
. /payload/lib.sh

mixed_data $OWN/data 12
remember

queues=$(nproc)
must "RamDevice starts" example RamDevice 96 "$queues"
ok "it has a queue for each CPU" test "$(ls /sys/block/${EXAMPLE#/dev/}/mq | wc -l)" = "$queues"
ok "its size is right" test "$(blockdev --getsize64 $EXAMPLE)" = $((96 << 20))
for size in 4k 64k 1M; do
    ok "write at $size" put $OWN/data $EXAMPLE 2 $size
    ok "read at $size" same_data $OWN/data $EXAMPLE 2 $size
    ok "discard" blkdiscard -f $EXAMPLE
    ok "reads as zeros then" reads_zero $EXAMPLE 16
done
ok "fio verify" fio --name=verify --filename=$EXAMPLE --allow_file_create=0 --direct=1 \
    --ioengine=io_uring --rw=randwrite --bsrange=4k-64k --bs_unaligned=0 --numjobs=2 --size=8m \
    --offset_increment=16m --iodepth=16 --verify=crc32c --verify_fatal=1 --verify_state_save=0
ok "mkfs.ext4" mkfs.ext4 -q $EXAMPLE
ok "mount" mount -t ext4 $EXAMPLE /mnt
ok "copy a file" cp $OWN/data /mnt/
umount /mnt
no_cache
mount -t ext4 $EXAMPLE /mnt
ok "it is there after remounting" cmp $OWN/data /mnt/data
umount /mnt
ok "fsck is content" e2fsck -fn $EXAMPLE
ok "SIGTERM ends it" stop_example
ok "nothing is left" nothing_left

must "NullDevice starts" example NullDevice 1024
ok "it takes writes" dd if=/dev/zero of=$EXAMPLE bs=64k count=1024 oflag=direct status=none
ok "and reads" dd if=$EXAMPLE of=/dev/null bs=64k count=1024 iflag=direct status=none
ok "SIGTERM ends it" stop_example
ok "nothing is left" nothing_left
finish
