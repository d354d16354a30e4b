# Two NUMA nodes of a CPU each: a device stays on the node that was asked for.
# guest: qemu
# limit: 600
# nodes: 2
. /payload/lib.sh

# pages_on NODE : pages of the store file that lie on this node
pages_on() {
    grep 'zublk' /proc/"$SERVER"/numa_maps | grep -o " N$1=[0-9]*" | cut -d = -f 2 |
        awk '{sum += $1} END {print sum + 0}'
}

fill() {
    fio --name=fill --filename="$DEVICE" --allow_file_create=0 --direct=1 --ioengine=io_uring \
        --rw=write --bs=128k --iodepth=8 --buffer_compress_percentage=50 --refill_buffers \
        --verify=crc32c --verify_fatal=1 --verify_state_save=0 --output=$OWN/fio ||
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
ok "a node that is not there" refuses_clearly --size 64M --numa-node 2
ok "nothing is left" nothing_left
finish
