# The scenario hangs; the guest itself can still say so.
# limit: 30
. /payload/lib.sh
java -m jdk.httpserver -p 8000 > $OWN/jwebserver 2>&1 &
eventually grep -q 8000 $OWN/jwebserver
ok "this is fine" true
sleep 600
finish
