# For scenarios: checks in the Test Anything Protocol, and the few steps that many of them share.
# Sourced in the guest. A scenario is a list of "ok NAME COMMAND…" and ends with "finish".

CHECKS=0 FAILED=0
OWN=/tmp/scenario # the scenario's own files, so that nobody mistakes them for leftovers
mkdir -p $OWN
cd $OWN || exit 1

now() { cut -d ' ' -f 1 /proc/uptime; }
note() { echo "# $*"; }

# ok NAME COMMAND… : one check, passed if the command succeeds. Its output is shown only if not.
ok() {
    local name=$1 begin status=0; shift
    CHECKS=$((CHECKS + 1))
    begin=$(now)
    "$@" > $OWN/output 2>&1 || status=$?
    local took; took=$(awk -v a="$begin" -v b="$(now)" 'BEGIN {printf "%.2f", b - a}')
    if [ $status = 0 ]; then
        echo "ok $CHECKS - $name # ${took}s"
    else
        FAILED=$((FAILED + 1))
        echo "not ok $CHECKS - $name # ${took}s"
        note "status $status: $*"
        tail -n 40 $OWN/output | tr -d '\r' | sed 's/^/#   /'
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

# fails_with TEXT COMMAND… : succeeds if the command fails, and says so in these words
fails_with() {
    local text=$1; shift
    if "$@" > $OWN/failure 2>&1; then
        echo "it did not fail"
        return 1
    fi
    cat $OWN/failure
    grep -q "$text" $OWN/failure
}

# How many seconds a state is waited for that must come: half of what a check may take, which is
# much longer than it needs in an emulated guest on a busy machine. Only what fails waits so long.
PATIENCE=$((LIMIT / 2))

# eventually COMMAND… : succeeds as soon as the command does; shows its last try if never. To ask is a
# JVM's start as often as not, and slows down what is waited for: half of the time is left to that.
eventually() {
    local until=$((SECONDS + PATIENCE)) begin
    while begin=$(now); ! "$@" > $OWN/try 2>&1; do
        [ $SECONDS -le $until ] || { cat $OWN/try; return 1; }
        sleep "$(awk -v a="$begin" -v b="$(now)" 'BEGIN {print (b - a > 0.1 ? b - a : 0.1)}')"
    done
}

# at_work DISK : waits until it has served a thousand more requests
at_work() { eventually has_served "$1" $(($(served "$1") + 1000)); }
has_served() { [ "$(served "$1")" -ge "$2" ]; }
served() { awk '{print $1 + $5}' "/sys/block/${1#/dev/}/stat"; }

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
    for log in $(jvm_errors); do
        note "first lines of $log"
        head -n 60 "$log" | sed 's/^/#   /'
    done
    note "last lines of the kernel's log"
    dmesg | tail -n 15 | sed 's/^/#   /'
}

# --- The product ---------------------------------------------------------------------------------

ZUBLK=/payload/dist/bin/zublk
export ZUBLK_RUN_DIR=${ZUBLK_RUN_DIR-/run/zublk}
zublk() { $ZUBLK "$@"; }

# field NAME : the value of a string or a number in the JSON object on standard input
field() { tr -d '\n' | sed -n "s/.*\"$1\" *: *\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# create OPTION… : starts a ublk device; sets DEVICE, ID and SERVER, the process that serves it
create() {
    local json
    DEVICE= ID= SERVER=
    json=$(zublk create --json --transport ublk "$@") || return
    DEVICE=$(field path <<< "$json")
    ID=$(field id <<< "$json")
    SERVER=$(field pid <<< "$json")
    [ -b "$DEVICE" ] && kill -0 "$SERVER"
}

# stat_of FIELD [DEVICE]
stat_of() { zublk stat "${2:-$DEVICE}" --json | field "$1"; }

# take_stat [DEVICE] : for several fields of one moment, each of which "taken FIELD" prints
take_stat() { zublk stat "${1:-$DEVICE}" --json > $OWN/stat; }
taken() { field "$1" < $OWN/stat; }

# has_standby : the last device created has one that is ready
has_standby() { kill -0 "$(stat_of standby)"; }
# recovered TIMES : it has been
recovered() { [ "$(stat_of recoveries)" = "$1" ]; }

# memory_below BYTES : the store takes less; for "eventually", as free memory is kept for a second or two
memory_below() {
    local used; used=$(stat_of mem_used_total)
    echo "mem_used_total $used"
    [ "$used" -lt "$1" ]
}

# no_failures [DEVICE] : no request of it has failed
no_failures() {
    take_stat "$@" || return
    cat $OWN/stat
    [ "$(taken failed_reads)" = 0 ] && [ "$(taken failed_writes)" = 0 ]
}

# remove [DEVICE…] : without any, the last one created
remove() {
    zublk remove "${@:-$DEVICE}" || return
    local device
    for device in "${@:-$DEVICE}"; do
        refuses test -e "$device" || return
    done
}

# refuses_clearly OPTION… : "create" fails, with one line on stderr and none on stdout
refuses_clearly() {
    if zublk create "$@" > $OWN/stdout 2> $OWN/stderr; then
        echo "it was accepted"
        return 1
    fi
    cat $OWN/stderr $OWN/stdout
    [ ! -s $OWN/stdout ] && [ "$(wc -l < $OWN/stderr)" = 1 ]
}

# leftovers : whatever a device could leave behind: nodes, files, mounts, processes
leftovers() {
    ls /dev/ublk* 2>/dev/null | grep -v ublk-control
    find /run /tmp /dev/shm -mindepth 1 -not -path "$OWN*" -not -path '/tmp/hsperfdata*' \
        -not -path "$ZUBLK_RUN_DIR"
    cut -d ' ' -f 2 /proc/mounts | sort
    pidof java
}

# Both remember what there was at the start, and compare.
remember() { leftovers > $OWN/before; }
# By way of a file: diff would keep its standard input in one of its own, in /tmp.
nothing_left() { leftovers > $OWN/after; diff $OWN/before $OWN/after; }

# --- The library's examples ----------------------------------------------------------------------

# example NAME SIZE-IN-MIB [QUEUES] : starts one in the background; sets EXAMPLE, its disk's path, and
# EXAMPLE_SERVER, its process
example() {
    local name=$1; shift
    : > $OWN/$name
    # Its own file for each, as several may run. Of ours only what the library needs: with the daemon
    # beside it, what it logs would go the way of a device's process.
    local lib=/payload/dist/lib
    java -XX:+UseSerialGC -Xmx64m --enable-native-access=ALL-UNNAMED \
        -cp "$lib/zublk-ublk.jar:$lib/zublk-uring.jar:$lib/zublk-block.jar:/payload/test-classes" \
        "io.zublk.ublk.examples.$name" "$@" > $OWN/$name 2>&1 &
    EXAMPLE_SERVER=$!
    eventually grep -q '^/dev/ublkb' $OWN/$name || { cat $OWN/$name; return 1; }
    EXAMPLE=$(grep -m 1 '^/dev/ublkb' $OWN/$name)
    [ -b "$EXAMPLE" ]
}

# stop_example : SIGTERM; succeeds if it ends and its disk goes
stop_example() {
    kill -TERM $EXAMPLE_SERVER
    wait $EXAMPLE_SERVER
    local status=$?
    tail -n 3 "$(ls -t $OWN/*Device | head -n 1)"
    # 143 is how a program ended by SIGTERM looks to a shell.
    [ $status = 0 ] || [ $status = 143 ] || return
    refuses test -e "$EXAMPLE"
}

# --- A load that verifies, through the deaths of a server ------------------------------------------

# Its users wait in the kernel for as long as it takes to start a JVM on a busy host, which is no hang.
# What hangs is seen by "eventually".
expect_waiting() { echo "$LIMIT" > /proc/sys/kernel/hung_task_timeout_secs; }

# start_probe DISK MIB : reads one block there, which gets random bytes, again and again
start_probe() {
    local lib=/payload/dist/lib
    dd if=/dev/urandom of="$1" bs=4k count=1 seek=$(($2 * 256)) oflag=direct conv=notrunc status=none
    mkfifo $OWN/in.probe
    java -XX:+UseSerialGC -Xmx64m -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED \
        -cp "$lib/zublk-ublk.jar:$lib/zublk-uring.jar:$lib/zublk-block.jar:/payload/test-classes" \
        io.zublk.ublk.examples.PauseProbe "$1" $(($2 << 20)) <> $OWN/in.probe > $OWN/probe 2>&1 &
    PROBE=$!
    eventually probes
}
probes() { kill -0 $PROBE && grep -q '^probing' $OWN/probe; }

# mark KIND : what was the longest pause since the last mark
mark() { echo "$1" > $OWN/in.probe; }
# pauses KIND : of all of a kind
pauses() {
    local all; mapfile -t all < <(sed -n "s/^$1 //p" $OWN/probe | sort -n)
    [ ${#all[@]} -gt 0 ] || return
    note "pause, $1, ms: p50 ${all[${#all[@]} * 50 / 100]}, p99 ${all[${#all[@]} * 99 / 100]}, max ${all[-1]}, of ${#all[@]}"
}

# Where all is emulated, code that a JVM has just compiled is translated once more before it runs: a device's
# process takes half of the time to be there if it compiles, as commands do, only what runs often. The cache
# is named because one who gives options of his own gets none unasked.
[ "$GUEST" = uml ] || export ZUBLK_JAVA_OPTIONS="-XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=10 \
    -XX:AOTMode=auto -XX:AOTCache=/payload/dist/aot/device.aot"

# An option of fio's: a load is as fast as it can be with what others leave it of the CPU. A guest has one or
# two, of which a load of the same rank would take its share from a JVM that starts.
AS_LOAD=--nice=19
# An option of fio's: where all is emulated, the server alone is busy enough with such a load to be slow in starting.
PACE=
[ "$GUEST" = uml ] || PACE=--rate_iops=200

# put_to_use DISK MIB : a file system of this size at its beginning, which is under load, and a probe behind it
put_to_use() {
    must "a file system" mkfs.ext4 -q "$1" $(($2 << 10))
    mount -t ext4 "$1" /mnt
    must "its user is there" start_probe "$1" "$2"
    start_load
}

# Writes and verifies files in /mnt again and again until it is told to end.
start_load() {
    load > $OWN/load 2>&1 &
    LOAD=$!
}
load() {
    local rounds=0
    while [ ! -e $OWN/enough ]; do
        fio --name=load $AS_LOAD --directory=/mnt --direct=1 --ioengine=io_uring --rw=randwrite \
            --bsrange=4k-64k --size=16m --iodepth=32 --numjobs=2 --fsync=64 --verify=crc32c \
            --verify_fatal=1 --verify_state_save=0 $PACE --output=$OWN/fio || { cat $OWN/fio; return 1; }
        rounds=$((rounds + 1))
    done
    echo "$rounds rounds"
}
busy() { kill -0 $LOAD && eventually has_served $DEVICE $(($(served $DEVICE) + 200)); }

# nobody_noticed DISK : ends load and probe, and checks that they, the file system and the kernel had no error
nobody_noticed() {
    touch $OWN/enough
    wait $LOAD
    ok "every block was right, no user had an error" test $? = 0
    tail -n 5 $OWN/load | sed 's/^/# /'
    ok "the probe neither" probes
    kill $PROBE
    wait $PROBE 2> /dev/null
    umount /mnt
    ok "the file system is clean" e2fsck -fn "$1"
    ok "the kernel reported no error" refuses io_errors
}
io_errors() { dmesg | grep -E 'I/O error|EXT4-fs error|EXT4-fs warning|Aborting journal|lost'; }

# --- Swap ----------------------------------------------------------------------------------------

# refused_where_it_cannot_be : checks that "create --swap" is, before there is any device
refused_where_it_cannot_be() {
    ok "refused over NBD" refuses_clearly --size 64M --swap --transport nbd
    ok "... which says why" grep -q 'swaps over NBD' $OWN/stderr
    ok "refused without CAP_SYS_RESOURCE" fails_with 'needs CAP_SYS_RESOURCE' \
        setpriv --bounding-set -sys_resource $ZUBLK create --size 64M --swap --transport ublk
    # A mount that somebody uses is taken as it is.
    mkdir -p $ZUBLK_RUN_DIR/store
    mount -t tmpfs tmpfs $ZUBLK_RUN_DIR/store
    touch $ZUBLK_RUN_DIR/store/somebodys
    must "refused where the store may be swapped out" \
        fails_with 'may be swapped out' zublk create --size 64M --swap --transport ublk
    umount $ZUBLK_RUN_DIR/store
    rm -rf $ZUBLK_RUN_DIR
    ok "nothing is left" nothing_left
}

# protected_for_swap : checks that each protection is in effect in the device's process
protected_for_swap() {
    local task flags
    ok "it says how to swap to it" \
        grep -q "mkswap $DEVICE && swapon --discard --priority 100 $DEVICE" $OWN/notices
    for task in /proc/$SERVER/task/*; do
        # Field 9: PF_MEMALLOC_NOIO | PF_LOCAL_THROTTLE; no name of a thread of ours has a bracket.
        flags=$(sed 's/.*) //' "$task/stat" | cut -d ' ' -f 7)
        [ $((flags & 0x180000)) = $((0x180000)) ] || cat "$task/comm"
    done > $OWN/others
    ok "every thread is an I/O flusher" test ! -s $OWN/others
    ok "... and there are many" test "$(ls /proc/$SERVER/task | wc -l)" -gt 10
    ok "it is never killed for want of memory" test "$(cat /proc/$SERVER/oom_score_adj)" = -1000
    ok "it has no huge pages" grep -q '^THP_enabled:[[:space:]]*0' /proc/$SERVER/status
    ok "its memory is locked" test "$(awk '/^VmLck/ {print $2}' /proc/$SERVER/status)" -gt 30000
    # What a JVM allocates after its start may be absent, a little.
    ok "... and there" test "$(stat_of swap_absent_bytes)" -lt $((8 << 20))
    ok "its allocator has room" grep -qz '^MALLOC_TOP_PAD_=2097152$' /proc/$SERVER/environ
    ok "its store is thin" test "$(du -k $ZUBLK_RUN_DIR/store/$ID.store | cut -f 1)" -lt 80000
    ok "it was used" has_served $DEVICE 1000
    ok "... of which nothing is left" test "$(stat_of orig_data_size)" = 0
    ok "a reserve is ready" test "$(stat_of reserve_bytes)" = "$(stat_of reserve_bytes_max)"
    note "process: $(awk '/^(VmRSS|VmLck|RssAnon|RssFile|RssShmem)/ {printf "%s %d MiB ", $1, $2 / 1024}' /proc/$SERVER/status)"
    note "reserve $(stat_of reserve_bytes), absent $(stat_of swap_absent_bytes)"
    note "machine: $(awk '/^(MemTotal|MemAvailable)/ {printf "%s %d MiB ", $1, $2 / 1024}' /proc/meminfo)"
}

# stay_where_nothing_is_swapped_out : for what goes on while the server of swap is dead. Whatever was swapped
# out waits then: this shell, and the files of a tmpfs that may be swapped out, as the payload's. So $SAFE gets
# a copy of zublk, and its run directory. Sets eat, twice the memory there is in MiB, and what needs as much.
# With ZUBLK_SWAP_WITHOUT=io-flusher,lock,reserve in the environment of "run" devices lack these protections,
# to see what each is for.
stay_where_nothing_is_swapped_out() {
    eat=$(($(awk '/^MemTotal/ {print $2}' /proc/meminfo) * 2 / 1024))
    JVM=(java -XX:+UseSerialGC -Xmx16m -XX:TieredStopAtLevel=1 -Xshare:auto -XX:-UsePerfData
        --enable-native-access=ALL-UNNAMED -cp /payload/test-classes)
    EATER=("${JVM[@]}" io.zublk.vmtest.SwapEater)
    echo 1 > /proc/sys/kernel/hung_task_panic
    echo 100 > /proc/sys/kernel/hung_task_timeout_secs
    SAFE=/run/safe
    mkdir $SAFE
    rm -rf /payload/dist/aot # 64 MiB, which lie on a disk elsewhere; here they would be memory
    mount -t tmpfs -o noswap tmpfs $SAFE
    cp -r /payload/dist /payload/test-classes $SAFE/
    export ZUBLK_RUN_DIR=$SAFE/zublk
    [ -z "${WITHOUT:-}" ] || export ZUBLK_JAVA_OPTIONS=-Dzublk.swap.without=$WITHOUT
    # That the kernel found no memory for itself, and says where, is what this is about.
    kernel_complaints() { dmesg | grep -E 'BUG:|Oops|blocked for more than'; }
}

swap_to() { mkswap $1 > /dev/null && swapon -d $1; }
# eats MIB SECONDS NAME [FILE] : needs so much memory for so long, and until there is a file, and finds
# every byte right
eats() {
    "${EATER[@]}" $1 $2 ${4:-} > $OWN/$3 2>&1
    tail -n 3 $OWN/$3
    grep '^right' $OWN/$3 && echo "$3 $(grep '^right' $OWN/$3)" >> $OWN/eaten
}
# swapped_out MIB : so much is in swap; the guest's kernel does not count what ever was
swapped_out() { [ "$(awk 'NR > 1 {used += $4} END {print used + 0}' /proc/swaps)" -gt $(($1 << 10)) ]; }
# swaps_out PROCESS MIB : this program comes to need so much more than there is; one that has ended, as for want of
# memory, never will
swaps_out() {
    until swapped_out $2; do
        kill -0 $1 || { echo "it has ended, with $(available) MiB available"; return 1; }
        sleep 0.5
    done
}
# available : the MiB that programs can still have
available() { awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo; }
# show : some figures of a device that is swapped to; all are taken then
show() {
    local name
    take_stat $ID
    for name in orig_data_size compr_data_size mem_used_total mem_used_max reserve_bytes \
        reserve_failures failed_writes failed_reads swap_absent_bytes swap_unprotected_threads; do
        echo -n "$name $(taken $name) "
    done
}

# --- CPUs ----------------------------------------------------------------------------------------

# each_of LIST : what a list such as 0-2,4 stands for
each_of() {
    local range
    for range in ${1//,/ }; do seq "${range%-*}" "${range#*-}"; done | xargs
}

# queue_threads PROCESS : its queue threads and the CPUs that each may run on, such as "ublk0-q1 2 3"
queue_threads() {
    local task
    for task in /proc/"$1"/task/*; do
        grep -q '^ublk.*-q' "$task/comm" || continue
        echo "$(cat "$task/comm") $(each_of "$(awk '/^Cpus_allowed_list:/ { print $2 }' "$task/status")")"
    done | sort
}

# all_threads_on CPUS : every thread of the device may run there and nowhere else
all_threads_on() {
    grep -h Cpus_allowed_list /proc/$SERVER/task/*/status | sort | uniq -c
    test "$(grep -h Cpus_allowed_list /proc/$SERVER/task/*/status | sort -u | xargs)" = \
        "Cpus_allowed_list: $1"
}

# queues_on_their_cpus PROCESS DISK : each queue's threads may run on just the CPUs that the kernel
# submits to it from, and no CPU is left out
queues_on_their_cpus() {
    local name own theirs
    queue_threads "$1" > $OWN/threads
    while read -r name own; do
        theirs=$(tr -d , < "/sys/block/${2#/dev/}/mq/$(sed 's/.*-q//; s/\..*//' <<< "$name")/cpu_list")
        echo "$name: on $own, submitted to from $theirs"
        [ "$own" = "$theirs" ] || return
    done < $OWN/threads
    [ "$(cut -d ' ' -f 2- $OWN/threads | tr ' ' '\n' | sort -nu | xargs)" = \
        "$(seq 0 $(($(nproc) - 1)) | xargs)" ]
}

# --- Data ----------------------------------------------------------------------------------------

no_cache() { sync; echo 3 > /proc/sys/vm/drop_caches; }

# same_data FILE DEVICE OFFSET-IN-MIB BLOCK-SIZE : what the device holds there is the file
same_data() {
    local size; size=$(stat -c %s "$1")
    dd if="$2" iflag=direct,skip_bytes,count_bytes skip=$(($3 << 20)) count="$size" bs="$4" \
        status=none | cmp - "$1"
}

# put FILE DEVICE OFFSET-IN-MIB BLOCK-SIZE : writes a file around the page cache
put() {
    dd if="$1" of="$2" oflag=direct,seek_bytes seek=$(($3 << 20)) bs="$4" conv=notrunc status=none
}

# reads_zero DEVICE MIB : its first so many MiB are zeros
reads_zero() {
    dd if="$1" iflag=direct bs=1M count="$2" status=none | cmp -n $(($2 << 20)) - /dev/zero
}

# mixed_data FILE MIB : real code, noise, and repetition, a third each
mixed_data() {
    local third=$(($2 * 1024 / 3))
    {
        head -c $((third << 10)) /opt/jdk/lib/modules
        head -c $((third << 10)) /dev/urandom
        yes "the same line again" | head -c $((($2 << 20) - 2 * (third << 10)))
    } > "$1"
}
