# A ublk device with a standby, whose processes are killed under a mounted file system and a load that
# verifies what it reads: its users notice a pause, which is printed. With ZUBLK_LONG=1 in the environment
# of "run", 100 deaths.
# guest: uml
# limit: 400
# add: ../ublk/target/test-classes
. /payload/lib.sh

SIZE=64 # MiB; the file system leaves the last one to the probe
deaths=3 apart=0
# More than 5 in a minute are given up.
[ -z "${LONG:-}" ] || deaths=100 apart=13

server() { stat_of pid; }

expect_waiting
remember
must "create" create --size ${SIZE}M --standby
keeper=$(stat_of keeper)
ok "its standby comes" eventually has_standby
put_to_use $DEVICE $((SIZE - 1))

# --- The server dies
die_and_go_on() {
    local i standby
    for ((i = 1; i <= deaths; i++)); do
        sleep $apart
        busy && eventually has_standby || { echo "before death $i"; return 1; }
        standby=$(stat_of standby)
        mark work
        kill -KILL "$(server)"
        eventually recovered $i || { echo "death $i"; return 1; }
        mark standby
        [ "$(server)" = "$standby" ] || { echo "death $i: $(server), not $standby, serves"; return 1; }
    done
}
ok "killed $deaths times, and each time the standby goes on" die_and_go_on

# --- The others
ok "another one comes" eventually has_standby
standby=$(stat_of standby)
kill -KILL $standby
another() { has_standby && [ "$(stat_of standby)" != $standby ]; }
ok "the standby killed: yet another one comes" eventually another
ok "... and the device has not noticed" recovered $deaths
kill -KILL "$(server)" "$(stat_of standby)"
ok "both killed: the keeper has it served again" eventually recovered $((deaths + 1))
ok "... and another one comes" eventually has_standby
standby=$(stat_of standby)
kill -KILL $keeper "$(server)"
ok "server and keeper killed: the standby goes on" eventually recovered $((deaths + 2))
ok "... it is it" test "$(server)" = "$standby"
ok "... and has no keeper" test "$(stat_of keeper)" = lost
ok "... under load" busy

pauses work
pauses standby
nobody_noticed $DEVICE
ok "remove it" remove
ok "nothing is left" nothing_left
finish
