# What the kernel does to a device: its process is killed for the memory that its group may have, and
# its driver is unloaded. Here because the other guest's kernel has neither groups nor modules. And of
# what "recovery" does, all that the stock driver has a part in, once.
# guest: qemu
# limit: 600
. /payload/lib.sh

expect_waiting
mount -t cgroup2 none /sys/fs/cgroup
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
GROUP=/sys/fs/cgroup/device
mkdir $GROUP
remember
mixed_data $OWN/data 8
gone() { refuses kill -0 $SERVER 2> /dev/null; }

# --- Killed for its memory
in_group() { (echo $BASHPID > $GROUP/cgroup.procs && "$@"); }
must "create in a group" eval 'json=$(in_group zublk create --json --transport ublk --size 32M --on-crash keep)'
DEVICE=$(field path <<< "$json") ID=$(field id <<< "$json") SERVER=$(field pid <<< "$json")
ok "write to it" put $OWN/data $DEVICE 0 64k
# Less than its JVM takes, of which nothing can be reclaimed.
echo 16M > $GROUP/memory.max
ok "the group gets less memory: its process is killed" eventually gone
ok "... by the kernel" grep 'oom_kill [1-9]' $GROUP/memory.events
dd if=$DEVICE of=$OWN/read bs=64k count=128 iflag=direct status=none &
reader=$!
waits() { grep ') D ' /proc/$reader/stat; }
dmesg -c > $OWN/oom # which looks like a complaint
ok "... its users wait" eventually waits
ok "the driver is not unloaded while they do" refuses rmmod ublk_drv
ok "recovered outside of the group" zublk recover $ID
wait $reader
ok "... they get what was written" test $? = 0
ok "... all of it" cmp $OWN/data $OWN/read

# --- Handed over
ok "another process takes it over" zublk upgrade $ID
ok "... with all of it" same_data $OWN/data $DEVICE 0 64k

# --- Unloaded
ok "the driver is not unloaded while it serves" refuses rmmod ublk_drv
SERVER=$(stat_of pid)
kill -KILL $SERVER
eventually gone
ok "it is unloaded when the device is dead and nobody uses it" eventually rmmod ublk_drv
ok "... its disk is gone" refuses test -e $DEVICE
ok "... recover says what is missing" fails_with \
    "device $ID needs ublk.* no ublk driver.*is kept" zublk recover $ID
ok "... the device is kept" test -f "$(field storeFile < $ZUBLK_RUN_DIR/$ID/device.json)"
ok "... remove" zublk remove $ID
ok "nothing is left" eventually nothing_left
finish
