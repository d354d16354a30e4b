# A CPU without AVX runs what was built, and had its AOT caches made, on one that has it. The lz4
# library is compiled for AVX2: that is said before there is a device, not by a crash with data in it.
# guest: qemu
# cpu: Penryn
# cpus on qemu: 1
# limit: 400
. /payload/lib.sh

if grep -q ' avx' /proc/cpuinfo; then bail "this CPU has AVX"; fi
mixed_data $OWN/data 16
remember
ok "lz4 is refused with one clear line" refuses_clearly --size 64M --transport ublk
ok "which names what is missing and what to do" grep 'lz4 needs a CPU with avx2, bmi1, bmi2.*use zstd' \
    $OWN/stderr
zublk doctor > $OWN/doctor # whatever it thinks of the rest of this machine
ok "the doctor knows it" grep 'cpu.*lz4 needs' $OWN/doctor
ok "auto is zstd here" grep 'auto is zstd' $OWN/doctor
for algorithm in zstd line; do
    must "$algorithm: create" create --size 64M --algorithm $algorithm
    ok "$algorithm: writes" put $OWN/data "$DEVICE" 0 1M
    ok "$algorithm: reads the same" same_data $OWN/data "$DEVICE" 0 64k
    ok "$algorithm: no request failed" no_failures
    ok "$algorithm: remove" remove
done
ok "nothing is left" nothing_left
finish
