# In the guest: the page store beside zram with every algorithm of its kernel. Run by
# bench/guest-images, which brings the beginnings of images along.
. /payload/lib.sh

algorithms=$(cat /payload/images/algorithms)
[ -b /dev/zram0 ] || cat /sys/class/zram-control/hot_add > /dev/null
zram=$(tr -d '[]' < /sys/block/zram0/comp_algorithm | xargs | tr ' ' ,)
for image in /payload/images/*; do
    name=$(basename "$image")
    [ "$name" != algorithms ] || continue
    for algorithm in ${algorithms//,/ }; do
        ok "$name, $algorithm" zublk bench engine --quiet --data "$image" --algorithm "$algorithm" \
            --size "$(($(stat -c %s "$image") >> 20))M" --workers 0 --threads 1 --zram "$zram" \
            --rounds 3 --output $OWN/report
        sed 's/^/# /' $OWN/report
    done
done
finish
