# For scenarios: checks in the Test Anything Protocol, and the few steps that many of them share.
# Sourced in the guest. A scenario is a list of "ok NAME COMMAND…" and ends with "finish".

CHECKS=0 FAILED=0
trap '' PIPE

now() { cut -d ' ' -f 1 /proc/uptime; }
note() { echo "# $*"; }

# ok NAME COMMAND… : one check, passed if the command succeeds. Its output is shown only if not.
ok() {
    local name=$1 begin status=0; shift
    CHECKS=$((CHECKS + 1))
    begin=$(now)
    "$@" > /tmp/ok.out 2>&1 || status=$?
    local took; took=$(awk -v a="$begin" -v b="$(now)" 'BEGIN {printf "%.2f", b - a}')
    if [ $status = 0 ]; then
        echo "ok $CHECKS - $name # ${took}s"
    else
        FAILED=$((FAILED + 1))
        echo "not ok $CHECKS - $name # ${took}s"
        note "status $status: $*"
        tail -n 40 /tmp/ok.out | tr -d '\r' | sed 's/^/#   /'
    fi
    return $status
}

# must NAME COMMAND… : a check without which the rest makes no sense
must() { ok "$@" || bail "nothing more can be checked after this"; }

bail() {
    show_logs
    echo "Bail out! $*"
    exit 1
}

# refuses COMMAND… : succeeds if the command fails
refuses() { ! "$@"; }

# eventually SECONDS COMMAND… : succeeds as soon as the command does
eventually() {
    local tries=$(($1 * 10)); shift
    while ! "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}

# The last check of all: the kernel had nothing to complain about. Then the plan.
finish() {
    ok "the kernel reported no bug" refuses kernel_complaints
    [ $FAILED = 0 ] || show_logs
    echo "1..$CHECKS"
    exit $((FAILED > 0))
}

kernel_complaints() { dmesg | grep -E 'BUG:|WARNING:|Oops|Call Trace|blocked for more than'; }

show_logs() {
    local log
    for log in ${LOGS:-}; do
        [ -f "$log" ] || continue
        note "last lines of $log"
        tail -n 30 "$log" | sed 's/^/#   /'
    done
    note "last lines of the kernel's log"
    dmesg | tail -n 15 | sed 's/^/#   /'
}
