# Several hardware queues and several writers, and on which CPUs their threads are: the guest has two.
# guest: uml
# guest, long: qemu
# cpus on uml: 2
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

# --- Affinity, which is changed under load
must "a CPU for each queue" create --size 64M --queues 2 --cpu-affinity 0,1
ok "stat shows the threads' CPUs" test "$(stat_of queue_threads)" = \
    "ublk$ID-q0:0 ublk$ID-q1:1"
ok "one CPU each: the kernel agrees" test "$(grep -l '^Name:.*ublk' \
    /proc/$SERVER/task/*/status | xargs grep -h Cpus_allowed_list | awk '{print $2}' | sort |
    grep -c '^[01]$')" -ge 2
ok "filled and verified" verify fill --bs=128k
verifies_until_told() { until [ -e $OWN/enough ]; do verify load $AS_LOAD --bs=4k || return; done; }
verifies_until_told > $OWN/load &
load=$!
ok "under load all threads move to a CPU" zublk set $DEVICE cpu-affinity=1
ok "... and are there" all_threads_on 1
take_stat
ok "... stat says so" test "$(taken cpu_affinity) $(taken queue_threads)" = \
    "1 ublk$ID-q0:1 ublk$ID-q1:1"
ok "a CPU that is not there is refused" fails_with 'there is no CPU 2' \
    zublk set $DEVICE cpu-affinity=1-2
ok "listed again, each queue thread takes one" zublk set $DEVICE cpu-affinity=1,0
ok "... in turn" test "$(stat_of queue_threads)" = "ublk$ID-q0:0 ublk$ID-q1:1"
ok "... the kernel agrees" test "$(queue_threads $SERVER | xargs)" = "ublk$ID-q0 0 ublk$ID-q1 1"
ok "all are the kernel's choice again" zublk set $DEVICE cpu-affinity=all
ok "... of which it has two" test "$(stat_of cpu_affinity)" = 0-1
ok "... for others' threads" grep -q 'Cpus_allowed_list:.0-1$' /proc/$SERVER/status
ok "... and queue threads" queues_on_their_cpus $SERVER $DEVICE
touch $OWN/enough
ok "the load has noticed nothing" wait $load
ok "remove" remove
ok "nothing is left" nothing_left
finish
