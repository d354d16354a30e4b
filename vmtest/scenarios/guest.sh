# The guest itself: has it what the other scenarios take for granted?
# guest: uml
# limit: 200
. /payload/lib.sh

ok "the ublk driver is there" test -c /dev/ublk-control
ok "so are zram and null_blk, to compare with" test -b /dev/zram0 -a -b /dev/nullb0
ok "java runs" java -version
ok "fio has io_uring" fio --name=x --ioengine=io_uring --rw=read --bs=4k --size=1m \
    --filename=/dev/nullb0
finish
