# The kernel panics, after everything that was planned.
# limit: 20
. /payload/lib.sh
ok "this is fine" true
echo c > /proc/sysrq-trigger
finish
