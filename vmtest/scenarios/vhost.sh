# A disk over vhost-user: the guest is the client, with two queues, and the server is on the host, where
# host/vhost kills it, upgrades it and takes the disk away. The long form kills it again and again.
# guest: qemu
# limit: 240
# memory: 1024
# host: host/vhost
. /payload/lib.sh
stty -F /dev/ttyS1 raw -echo
exec 4<> /dev/ttyS1

# host COMMAND… : has the host do something; prints what it says to it
host() {
    local status words
    echo "$*" >&4
    read -r -t "$LIMIT" status words <&4 || { echo "the host does not answer"; return 1; }
    echo "$words"
    [ "$status" = ok ]
}

disk() {
    local serial
    for serial in /sys/block/vd*/serial; do
        grep -q '^zublk-' "$serial" || continue
        DEVICE=/dev/$(basename "${serial%/serial}")
    done
    [ -b "$DEVICE" ]
}
has_ended() { refuses test -e "/sys/block/${DEVICE#/dev/}"; }
# QEMU refuses it until the guest's unplugging is complete, which is a little after the disk has gone.
has_hung_up() { host hang_up && client_is none; }
client_is() { [ "$(host stat vhost_client | xargs)" = "$1" ]; }

# through WHAT COMMAND… : the guest's users work before and after it, and wait meanwhile
through() {
    local what=$1; shift
    must "the load is at work" busy
    must "$what" host "$@"
    must "... and it works on" busy
}

read -r BOOT CHECKS <<< "$(host boot)"
must "the disk is there" disk
if [ "$BOOT" = 1 ]; then
    ok "it has a queue for each CPU" test "$(ls "/sys/block/${DEVICE#/dev/}/mq" | wc -l)" = 2
    ok "it says that it has a cache" grep -q 'write back' "/sys/block/${DEVICE#/dev/}/queue/write_cache"
    must "mkfs" mkfs.ext4 -q "$DEVICE"
    must "mount" mount "$DEVICE" /mnt
    ok "it is in use" host refuses remove 0
    expect_waiting
    start_load
    for _ in $(seq $([ -z "$LONG" ] && echo 1 || echo 50)); do
        through "the server is killed and recovered" kill
        through "it is upgraded" upgrade
    done
    ok "it has been recovered" test "$(host stat recoveries)" -ge 1
    touch $OWN/enough
    wait $LOAD
    ok "every block was right, no user had an error" test $? = 0
    bytes() { blockdev --getsize64 "$DEVICE"; }
    has_bytes() { [ "$(bytes)" = "$1" ]; }
    must "it gets larger while it is mounted" host resize 512M
    ok "... the guest hears of it" eventually has_bytes 536870912
    ok "... the file system grows, too" resize2fs "$DEVICE"
    ok "... it does not shrink while it is in use" host refuses resize 0 256M
    must "it is killed, recovered and gets larger again" host kill 768M
    ok "... the guest hears of it" eventually has_bytes 805306368
    head -c $((8 << 20)) /dev/urandom > $OWN/data
    cp $OWN/data /mnt/data
    sha256sum < $OWN/data > /mnt/sum
    umount /mnt
    ok "the kernel reported no error" refuses io_errors
    ok "the kernel reported no bug" refuses kernel_complaints
    must "what comes next is known" host remember $((CHECKS + 1))
    reboot -f
    sleep "$LIMIT"
fi
[ "$BOOT" = 2 ] || bail "this is boot $BOOT"
ok "after a reboot the file system is clean" e2fsck -fn "$DEVICE"
must "mount" mount "$DEVICE" /mnt
ok "all is there" test "$(sha256sum < /mnt/data)" = "$(cat /mnt/sum)"
ok "the host trims" fstrim /mnt
umount /mnt
ok "discards arrived" test "$(host stat vhost_discards)" -gt 0
must "the disk is unplugged" host unplug
ok "it goes" eventually has_ended
ok "QEMU hangs up" eventually has_hung_up
ok "the device is removed, and nothing is left" host remove
finish
