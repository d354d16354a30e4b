# A ublk device whose process dies: its keeper has it served again, and gives it up if that cannot be.
# guest: uml
# limit: 400
. /payload/lib.sh

mixed_data $OWN/data 8
remember
server() { stat_of pid; }
kept() { kill -0 "$(stat_of keeper)"; }

# --- Served again
must "create one that is kept" create --size 64M --id 3
ok "it has a keeper" kept
ok "data on it" put $OWN/data $DEVICE 0 64k
kill -KILL $SERVER
ok "killed: who reads it waits, and reads what was written" same_data $OWN/data $DEVICE 0 64k
ok "... another process serves it" recovered 1
ok "... and has the keeper" kept
mkfs.ext4 -q $DEVICE
mount -t ext4 $DEVICE /mnt
copy() {
    for n in 1 2 3; do cp $OWN/data /mnt/$n && sync /mnt/$n || return; done
    echo > $OWN/copied
    [ -e $OWN/enough ] || copy
}
victim=$(server)
copy > $OWN/copy 2>&1 &
copying=$!
ok "mounted, and written to" eventually test -e $OWN/copied
kill -KILL $victim
ok "killed meanwhile: another process serves it" eventually recovered 2
rm $OWN/copied
ok "... it is written to" eventually test -e $OWN/copied
touch $OWN/enough
ok "... and who writes notices no error" wait $copying
cat $OWN/copy
umount /mnt
ok "... fsck finds nothing" e2fsck -fn $DEVICE
mount -t ext4 $DEVICE /mnt
for n in 1 2 3; do ok "... file $n is right" cmp $OWN/data /mnt/$n; done
umount /mnt

# --- Given up
store=$(field storeFile < $ZUBLK_RUN_DIR/3/device.json)
rm $store
keeper=$(stat_of keeper)
kill -KILL "$(server)"
dd if=$DEVICE of=/dev/null iflag=direct bs=4k count=1 2> $OWN/waiting &
given_up() { refuses kill -0 $keeper; }
ok "its store gone, and killed: the keeper gives up" eventually given_up
wait $!
ok "... who waited for it has an error" grep -q 'Input/output error' $OWN/waiting
zublk list > /dev/null 2> $OWN/list
ok "... list says so" grep -q 'device 3 .* is dead: .*store file.*; its keeper gave up' $OWN/list
ok "... so does the log" grep -q 'abandoned: its keeper gave up' $ZUBLK_RUN_DIR/3/log
ok "... remove drops it" zublk remove 3
ok "... nothing is left" nothing_left

# --- Removed
must "create another" create --size 64M --id 3
keeper=$(stat_of keeper)
ok "remove it while it serves" remove
ok "... its keeper has ended" given_up
ok "... nothing is left" nothing_left
finish
