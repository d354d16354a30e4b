# All of the guest hangs: the one that watches the scenario's time is stopped too.
# limit: 6
. /payload/lib.sh
ok "this is fine" true
kill -STOP -1
sleep 600
finish
