# A JVM crashes, and a device leaves its log.
# limit: 40
. /payload/lib.sh
mkdir -p /run/zublk/0
echo "what a device said" > /run/zublk/0/log
jwebserver -p 8000 > $OWN/jwebserver 2>&1 &
eventually grep -q 8000 $OWN/jwebserver
kill -SEGV $!
wait $!
ok "this is not" false
finish
