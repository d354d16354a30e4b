# The recipes of the documents, as they stand there: each is a block of commands after a comment that
# says "recipe: NAME". Those over NBD need no guest: RecipesTest runs them.
# guest: uml
# limit: 120
# add: ../docs
. /payload/lib.sh

export PATH=$PATH:/payload/dist/bin
ln -s /payload/dist/bin/zublk $OWN/zublk # what README.md calls ./zublk

documents() { cat /payload/README.md /payload/docs/*.md; }

# recipe NAME : runs its commands; in a block that shows answers, too, those are the lines after a $
recipe() {
    documents | awk -v mark="<!-- recipe: $1 -->" '
        $0 == mark {found = 1; next}
        found && /^```/ {if (inside) exit; inside = 1; next}
        inside' > $OWN/recipe
    [ -s $OWN/recipe ] || { echo "no document has it"; return 1; }
    if grep -q '^\$ ' $OWN/recipe; then sed -i -n 's/^\$ //p' $OWN/recipe; fi
    echo "$1" >> $OWN/run
    bash -e $OWN/recipe
}
swaps_to() { grep "^$1[[:space:]].*[[:space:]]100\$" /proc/swaps; }
serves() { [ "$(zublk list -n -o NAME)" = /dev/ublkb0 ]; }

mount -t tmpfs tmpfs /var/tmp
remember

# --- README.md
ok "the tour" recipe tour
ok "... ends with a device" serves
zublk remove 0
rm /var/tmp/disk.save

# --- docs/swap.md
ok "swap" recipe swap
ok "... which the kernel uses" swaps_to /dev/ublkb0
ok "no more swap" recipe swap-end
ok "nothing is left" nothing_left

# --- docs/recipes.md
[ -b /dev/zram0 ] || cat /sys/class/zram-control/hot_add > /dev/null
echo 64M > /sys/block/zram0/disksize
must "a machine that swaps to zram" eval 'mkswap /dev/zram0 && swapon /dev/zram0'
ok "swap instead of zram" recipe swap-instead-of-zram
ok "... which the kernel uses, and no other" eval 'swaps_to /dev/ublkb0 && refuses grep zram /proc/swaps'
ok "back to zram" recipe swap-back-to-zram
ok "... which the kernel uses" swaps_to /dev/zram0
swapoff /dev/zram0

ok "a scratch file system" recipe scratch
ok "... which takes files" eval 'mixed_data /mnt/data 64 && sync && serves'
ok "no more scratch file system" recipe scratch-end
ok "nothing is left" nothing_left

documents | sed -n 's/^<!-- recipe: \(.*\) -->$/\1/p' | sort > $OWN/marked
ok "there is no other recipe" eval 'sort $OWN/run | diff $OWN/marked -'
finish
