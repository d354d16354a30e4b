# A check fails.
# limit: 20
. /payload/lib.sh
ok "this is fine" true
ok "this is not" false
finish
