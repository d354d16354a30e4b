# Shared by the scripts beside it: where things live, how Debian packages are had, how to log.
# Source it; it runs nothing by itself. Scripts print their result on stdout, their talk on stderr.

set -eEuo pipefail
trap 'say "failed: line $LINENO: $BASH_COMMAND"' ERR
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

VMTEST=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${ZUBLK_CACHE:-$HOME/.cache/zublk}
mkdir -p "$CACHE"

# Debian packages: for every run, and for building a User Mode Linux kernel.
RUN_PACKAGES=(busybox-static fio e2fsprogs xfsprogs util-linux mount coreutils kmod cpio zstd xz-utils)
BUILD_PACKAGES=(gcc make flex bison bc xz-utils libelf-dev libc6-dev)

say() { printf '[%s +%ss] %s\n' "$(basename "$0")" "$SECONDS" "$*" >&2; }
die() { say "$*"; exit 1; }

# with_lock NAME FUNCTION ARGS… : one process at a time, so that two runs never build the same thing
with_lock() {
    local name=$1 lock; shift
    exec {lock}> "$CACHE/$name.lock"
    flock "$lock"
    "$@"
    exec {lock}>&-
}

# A scratch directory that is gone when the script ends, however it ends.
scratch() {
    SCRATCH=$(mktemp -d "$CACHE/scratch.XXXXXX")
    trap 'rm -rf "$SCRATCH"' EXIT
}

# need PACKAGE… : installs what is missing when we are root, else says what to type.
need() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' \
            || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    [ "$(id -u)" = 0 ] || die "please run: sudo apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    with_lock apt install_packages "${missing[@]}"
}

install_packages() {
    local log=$CACHE/apt.log
    { apt-get -q update && apt-get -q install -y --no-install-recommends "$@"; } > "$log" 2>&1 \
        || { tail -20 "$log" >&2; die "apt-get install $* failed"; }
}

# suite_apt SUITE… : sets APT to options that make apt-get and apt-cache see these Debian suites
# beside the configured ones. Lists and sources are private, so the machine's own stay as they are.
# The mirror is the one that the machine is configured for.
suite_apt() {
    local dir=$CACHE/apt/$(echo "$*" | tr ' ' +) mirror suite
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' \
        | sed -n 's,^\(.*/debian/*\) main$,\1,p' | head -n 1)
    [ -n "$mirror" ] || die "no Debian mirror is configured for apt"
    mkdir -p "$dir"/{lists/partial,cache/archives/partial,parts}
    for suite in "$@"; do
        printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' \
            "$(mirror_of "$suite" "$mirror")" "$suite" \
            /usr/share/keyrings/debian-archive-keyring.gpg
    done > "$dir/parts/zublk.sources"
    APT=(-q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$dir/parts"
        -o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache"
        -o APT::Sandbox::User=root)
    with_lock apt update_lists "$dir"
}

# Security suites live beside the main archive, under its name with "-security".
mirror_of() {
    case $1 in
        *-security) echo "${2%/}-security" ;;
        *) echo "$2" ;;
    esac
}

# Lists younger than a day are good enough; a failed update leaves no stamp.
update_lists() {
    [ -n "$(find "$1/stamp" -mtime -1 2>/dev/null)" ] && return
    say "reading package lists: $(sed -n 's/^Suites: //p' "$1/parts/zublk.sources" | tr '\n' ' ')"
    apt-get "${APT[@]}" update > "$1/log" 2>&1 \
        || { tail -20 "$1/log" >&2; die "the package lists could not be read"; }
    touch "$1/stamp"
}

# find_jdk : sets JAVA_HOME to a JDK of at least 25: the one it names, or one in the usual place
find_jdk() {
    local home
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/*25*; do
        [ -n "$home" ] && [ -x "$home/bin/java" ] && [ -r "$home/release" ] || continue
        [ "$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")" -ge 25 ] || continue
        JAVA_HOME=$home
        return
    done
    die "no JDK 25 found: set JAVA_HOME"
}

# newest_of METAPACKAGE SUITE : the real package that the metapackage stands for
newest_of() {
    apt-cache "${APT[@]}" -t "$2" depends "$1" | sed -n 's/^ *Depends: //p' | head -n 1
}
