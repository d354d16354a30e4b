# The scenario ends without its plan, though nothing failed and its status is good.
# limit: 20
. /payload/lib.sh
ok "this is fine" true
exit 0
