# Several hardware queues and several writers, on an old stock kernel: the guest with two CPUs.
# guest: qemu
# limit: 600
. /payload/lib.sh

# verify NAME OPTION… : four jobs write at random places, then read all of it and compare checksums
verify() {
    local name=$1; shift
    fio --name="$name" --filename=$DEVICE --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --rw=randwrite --numjobs=4 --size=6m --offset_increment=16m --iodepth=16 \
        --verify=crc32c --verify_fatal=1 --verify_state_save=0 \
        --refill_buffers --buffer_compress_percentage=60 \
        --group_reporting --output=$OWN/fio "$@" || { cat $OWN/fio; return 1; }
}

remember
# A file system made, filled, read back after its cache is gone, and checked.
survives_as_ext4() {
    mkfs.ext4 -q $DEVICE && mount -t ext4 $DEVICE /mnt && cp /opt/jdk/lib/server/libjvm.so /mnt/ \
        && umount /mnt && no_cache && mount -t ext4 $DEVICE /mnt \
        && cmp /opt/jdk/lib/server/libjvm.so /mnt/libjvm.so && umount /mnt \
        && e2fsck -fn $DEVICE
}

for algorithm in lz4 zstd; do
    must "$algorithm: create with two queues" create --size 256M --algorithm $algorithm --queues 2
    ok "$algorithm: the kernel has two" test "$(ls /sys/block/${DEVICE#/dev/}/mq | wc -l)" = 2
    ok "$algorithm: their threads are on the CPUs that submit to them" \
        queues_on_their_cpus "$SERVER" "$DEVICE"
    ok "$algorithm: fio verify, 4K" verify small --bs=4k
    ok "$algorithm: fio verify, 4K to 128K" verify mixed --bsrange=4k-128k --bs_unaligned=0
    ok "$algorithm: ext4 on it" survives_as_ext4
    ok "$algorithm: no request failed" no_failures
    ok "$algorithm: remove" remove
done
ok "nothing is left" nothing_left
finish
