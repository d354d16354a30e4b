# Two NUMA nodes of a CPU each: a device stays on the node, and on the CPUs, that were asked for.
# guest: qemu
# limit: 600
# nodes: 2
. /payload/lib.sh

# pages_on NODE : pages of the store file that lie on this node
pages_on() {
    grep 'zublk' /proc/"$SERVER"/numa_maps | grep -o " N$1=[0-9]*" | cut -d = -f 2 |
        awk '{sum += $1} END {print sum + 0}'
}

# all_threads_on CPUS : every thread of the device may run there and nowhere else
all_threads_on() {
    grep -h Cpus_allowed_list /proc/"$SERVER"/task/*/status | sort | uniq -c
    test "$(grep -h Cpus_allowed_list /proc/"$SERVER"/task/*/status | sort -u | xargs)" = \
        "Cpus_allowed_list: $1"
}

# fill [FIO-OPTION]…
fill() {
    fio --name=fill --filename="$DEVICE" --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --rw=write --bs=128k --iodepth=8 --buffer_compress_percentage=50 --refill_buffers \
        --verify=crc32c --verify_fatal=1 --verify_state_save=0 --output=$OWN/fio "$@" ||
        { cat $OWN/fio; return 1; }
}

remember
ok "the guest has two nodes" test -d /sys/devices/system/node/node1
must "create on node 1" create --size 64M --numa-node 1
ok "filled and verified" fill
take_stat
ok "stat names the node" test "$(taken numa_node)" = 1
ok "stat names its CPU" test "$(taken cpu_affinity)" = 1
ok "all threads are on its CPU" all_threads_on 1
note "pages of the store on node 0: $(pages_on 0), on node 1: $(pages_on 1)"
ok "the store has its pages there" test "$(pages_on 1)" -gt 1000
ok "and none on the other node" test "$(pages_on 0)" = 0
ok "remove" remove
must "a CPU for each queue" create --size 64M --queues 2 --cpu-affinity 0,1
ok "stat shows the threads' CPUs" test "$(stat_of queue_threads)" = \
    "ublk$ID-q0:0 ublk$ID-q1:1"
ok "one CPU each: the kernel agrees" test "$(grep -l '^Name:.*ublk' \
    /proc/"$SERVER"/task/*/status | xargs grep -h Cpus_allowed_list | awk '{print $2}' | sort |
    grep -c '^[01]$')" -ge 2
ok "filled and verified" fill --size=16M
fio --name=load $AS_LOAD --filename="$DEVICE" --allow_file_create=0 --direct=1 --ioengine=io_uring \
    --size=16M --rw=randwrite --bs=4k --iodepth=8 --time_based --runtime=60 --verify=crc32c \
    --verify_backlog=64 --verify_fatal=1 --verify_state_save=0 --eta=never --output=$OWN/load &
load=$!
ok "under load all threads move to a CPU" zublk set "$DEVICE" cpu-affinity=1
ok "... and are there" all_threads_on 1
take_stat
ok "... stat says so" test "$(taken cpu_affinity) $(taken queue_threads)" = \
    "1 ublk$ID-q0:1 ublk$ID-q1:1"
ok "a CPU that is not there is refused" fails_with 'there is no CPU 2' \
    zublk set "$DEVICE" cpu-affinity=1-2
ok "listed again, each queue thread takes one" zublk set "$DEVICE" cpu-affinity=1,0
ok "... in turn" test "$(stat_of queue_threads)" = "ublk$ID-q0:0 ublk$ID-q1:1"
ok "... the kernel agrees" test "$(queue_threads "$SERVER" | xargs)" = "ublk$ID-q0 0 ublk$ID-q1 1"
ok "all are the kernel's choice again" zublk set "$DEVICE" cpu-affinity=all
ok "... of which it has two" test "$(stat_of cpu_affinity)" = 0-1
ok "... for others' threads" grep -q 'Cpus_allowed_list:.0-1$' /proc/"$SERVER"/status
ok "... and queue threads" queues_on_their_cpus "$SERVER" "$DEVICE"
kill -INT $load
ok "the load has noticed nothing" wait $load
ok "remove" remove
ok "a node that is not there" refuses_clearly --size 64M --numa-node 2
ok "nothing is left" nothing_left
finish
