# "bench device" and "tune" where they matter most: on a ublk device, with kernel zram beside. On the
# old kernel: what tune makes of options that its driver has not got.
# guest: uml
# guest, long: qemu
# limit: 400
. /payload/lib.sh

SHORT="--quiet --size 16M --rounds 1"

mixed_data $OWN/data 16
remember

if [ "$GUEST" = qemu ]; then
    must "tune" zublk tune $SHORT --data $OWN/data --seconds 0.1 --goal latency \
        --only threads-per-queue,batch-io -o $OWN/tune
    ok "two threads for a queue are left out, with the reason" grep -F \
        -e '- --threads-per-queue 2 is not tried: this kernel' $OWN/tune
    ok "so is BATCH_IO" grep -F -e '- --batch-io is not tried: the kernel has no' $OWN/tune
    ok "nothing is left" nothing_left
    finish
fi

must "bench device" zublk bench device $SHORT --data $OWN/data --runtime 0.5 --iodepth 8 \
    --sequential-jobs 2 --random-jobs 2 -o $OWN/bench
grep random $OWN/bench | sed 's/^/# /'
ok "it measured a ublk device and zram" grep 'zublk lz4: io_uring, zram lz4: io_uring' $OWN/bench
ok "it read back what it wrote" grep 'filled with the data and read back right' $OWN/bench

# positive ROW : both contenders and their ratio have a figure above 0 there
positive() {
    grep -F "  $1 " $OWN/bench | sed "s|$1||" |
        awk 'NF == 3 && $1 > 0 && $2 > 0 && $3 > 0 { found = 1 } END { exit !found }'
}
for row in "sequential read 1M, QD 8 x 2" "sequential write 1M, QD 8 x 2" \
    "random read 4K, QD 8 x 2" "random write 4K, QD 1" "random read 4K, QD 4 p99" "orig / used"; do
    ok "row: $row" positive "$row"
done

create --size 16M
ok "a device that holds nothing" zublk bench device $SHORT --data w3 --runtime 0.05 --iodepth 4 \
    --sequential-jobs 1 --random-jobs 1 --no-rivals "$DEVICE" -o $OWN/bench
holds_something() { fails_with "not empty" zublk bench device $SHORT "$DEVICE"; }
ok "one that holds something is not overwritten" holds_something
ok "the user's device is still there" remove

must "tune" zublk tune $SHORT --data $OWN/data --seconds 0.1 --goal latency \
    --only threads-per-queue,polling -o $OWN/tune
grep -e '^- ' -e recommended $OWN/tune | sed 's/^/# /'
for option in --threads-per-queue --polling; do
    ok "tune: figures for $option" grep -E -e "^- $option: the default as 1.00, .* [0-9.]+" \
        $OWN/tune
done
create_line() { sed -n 's/^ *recommended *zublk create --size SIZE //p' $OWN/tune; }
ok "the recommended line is one that create takes" eval "create --size 16M $(create_line)"
ok "and makes a device" put $OWN/data "$DEVICE" 0 1M
ok "which can be removed" remove

ok "nothing is left" nothing_left
finish
