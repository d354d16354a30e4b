# Two administrators at a time, who know nothing of each other, beside a file system whose user verifies
# what it has written: each verb is carried out or refused in one line, and the user notices nothing.
# guest: uml
# limit: 300
# add: ../ublk/target/test-classes
. /payload/lib.sh

PACE=--rate_iops=300 # leaves the only CPU to the commands, most of the time
remember
must "create" create --size 64M --workers 2 --staging 8M
put_to_use $DEVICE 63
busy

cat > $OWN/verbs << END
set $ID workers=1 staging=1M
set $ID mem-limit=96M cpu-affinity=0
set $ID mem-limit=0 cpu-affinity=all polling=on workers=2 staging=8M
compact $ID
stat $ID
resize $ID 128M
resize $ID 64M --force
save $ID $OWN/saved --force
reset $ID
remove $ID
remove $ID --wait 1s
END

# administrator NAME : has each verb carried out, in an order of its own
administrator() {
    local verb status
    awk -v seed="$1" 'BEGIN { srand(seed) } { print rand() "\t" $0 }' $OWN/verbs | sort -n | cut -f 2- > $OWN/$1.verbs
    while read -r verb; do
        status=0
        zublk $verb > $OWN/$1.out 2> $OWN/$1.err < /dev/null || status=$?
        echo "$status zublk $verb: $(cat $OWN/$1.err)"
        [ $status = 0 ] && continue
        [ $status = 1 ] && [ "$(grep -vc 'waiting: ' $OWN/$1.err)" = 1 ] || return 1
    done < $OWN/$1.verbs
}
both() {
    administrator 1 > $OWN/first & local other=$!
    administrator 2 > $OWN/second || { cat $OWN/second; return 1; }
    wait $other || { cat $OWN/first; return 1; }
}
# carried_out VERB : how often
carried_out() { cat $OWN/first $OWN/second | grep -c "^0 zublk $1"; }

ok "each verb is carried out, or refused in a line" both
cat $OWN/first $OWN/second | sed -n 's/^1 /# refused: /p'
ok "it was not reset, nor removed, for it is mounted" test "$(carried_out '\(reset\|remove\)')" = 0
ok "... but looked at, and set" test "$(carried_out stat)" = 2 -a "$(carried_out set)" -gt 0
busy
nobody_noticed $DEVICE
ok "no request has failed" no_failures
ok "it can be set, when nobody else asks" zublk set $ID mem-limit=0 polling=off workers=2 staging=8M
ok "... and is what it was set to" test \
    "$(stat_of workers) $(stat_of staging_bytes_max) $(stat_of mem_limit)" = "2 8388608 0"
ok "reset" zublk reset $DEVICE
ok "remove" remove
ok "nothing is left" eventually nothing_left
finish
