# What the scripts share: packages, a build of this tree, and a private cluster.
# Source it; it changes nothing until a function is called.
#
# The work happens in a copy of the tree in a temporary directory that belongs to
# an unprivileged user, since the server refuses to run as root and that user may
# not be able to read this directory. Nothing is installed into the system's
# PostgreSQL, and no cluster of the system is touched.

PG_MAJOR=${PG_MAJOR:-15}
PG_BIN=${PG_BIN:-/usr/lib/postgresql/$PG_MAJOR/bin}
# Where a server built from source and a Debian in a folder are kept between runs.
INVENTORY_CACHE=${INVENTORY_CACHE:-/var/tmp/inventory}
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=
RUN_USER=

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }


# What an option of a script may not be: all of these end it with 2.
misused() { printf '%s: %s (--help tells what there is)\n' "${0##*/}" "$*" >&2; exit 2; }
wrong_option() { case $1 in -*) misused "unknown option $1" ;; *) misused "\"$1\" is nothing it knows" ;; esac; }
lacks_value() { misused "$1 needs a value"; }
# positive OPTION NUMBER: refuses what is no number above 0; whole OPTION NUMBER: what is none from 0 on.
positive() { [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || misused "$1 takes a number above 0, not \"$2\""; }
whole() { [[ $2 =~ ^[0-9]{1,10}$ ]] || misused "$1 takes a number from 0 on, not \"$2\""; }

# as_root COMMAND...: as root, through sudo where needed.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# as_user COMMAND...: as the user that the server runs as.
as_user() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u "$RUN_USER" -- "$@"; else "$@"; fi
}

# install_packages PACKAGE...: installs the Debian packages that are missing. A
# server package would make and start a cluster of its own on the way; it is told
# not to.
install_packages() {
    local package missing=() quiet=/etc/postgresql-common/createcluster.d/inventory-no-cluster.conf
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || die "missing packages: ${missing[*]} (run as root, or install sudo)"
    say "Installing ${missing[*]} ..."
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' | as_root tee "$quiet" >/dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
        say "apt-get update failed; trying with the package lists at hand"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/tmp/inventory-apt.$$ 2>&1 || {
        cat "/tmp/inventory-apt.$$" >&2
        rm -f "/tmp/inventory-apt.$$"
        as_root rm -f "$quiet"
        die "could not install the packages"
    }
    rm -f "/tmp/inventory-apt.$$"
    as_root rm -f "$quiet"
}

# make_cache: the directory of what takes minutes to make, which nobody else may have
# made for us.
make_cache() {
    mkdir -p "$INVENTORY_CACHE"
    [ -O "$INVENTORY_CACHE" ] || die "$INVENTORY_CACHE belongs to somebody else; set INVENTORY_CACHE"
    chmod 755 "$INVENTORY_CACHE"
}

# debian_sources FILTER...: the package sources that the machine uses and apt knows
# under these filters, a line each: URI SUITE COMPONENT.
debian_sources() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' "$@" | sort -u
}

# print_tree: the files of this tree, as a tar archive: what git knows and does not ignore.
print_tree() {
    (cd "$SOURCE" && {
        if git -c safe.directory='*' rev-parse --is-inside-work-tree >/dev/null 2>&1; then
            git -c safe.directory='*' ls-files -z --cached --others --exclude-standard
        else
            find . -type f -print0
        fi
    } | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
        tar --null -T - -cf -)
}

# make_work: the private copy of the tree.
make_work() {
    RUN_USER=$(id -un)
    [ "$RUN_USER" != root ] || RUN_USER=postgres
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/inventory.XXXXXX")
    mkdir "$WORK/tree"
    print_tree | tar -C "$WORK/tree" -xf -
    [ "$(id -u)" -ne 0 ] || chown -R "$RUN_USER" "$WORK"
    chmod 755 "$WORK"
}

# build [MAKE ARGUMENT...]: builds the copy and installs it below $WORK/dest.
build() {
    as_user make -s -C "$WORK/tree" with_llvm=no PG_CONFIG="$PG_BIN/pg_config" "$@" install DESTDIR="$WORK/dest" >"$WORK/build.log" 2>&1 || {
        cat "$WORK/build.log" >&2
        die "the build failed"
    }
}

# server_conf: settings with which a server finds that installation.
server_conf() {
    local pg_config=$PG_BIN/pg_config
    if [ "$PG_MAJOR" -ge 18 ]; then
        printf "extension_control_path = '%s:\$system'\n" "$WORK/dest$("$pg_config" --sharedir)"
    else
        printf "extension_destdir = '%s'\n" "$WORK/dest"
    fi
    printf "dynamic_library_path = '%s:\$libdir'\n" "$WORK/dest$("$pg_config" --pkglibdir)"
}

# start_cluster [SETTING...]: a cluster on a unix socket in $WORK.
start_cluster() {
    as_user "$PG_BIN/initdb" -D "$WORK/data" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 >"$WORK/initdb.log" 2>&1 || {
        cat "$WORK/initdb.log" >&2
        die "initdb failed"
    }
    {
        server_conf
        printf "listen_addresses = ''\nunix_socket_directories = '%s'\n" "$WORK"
        [ $# -eq 0 ] || printf '%s\n' "$@"
    } | as_user tee -a "$WORK/data/postgresql.conf" >/dev/null
    as_user "$PG_BIN/pg_ctl" -D "$WORK/data" -l "$WORK/server.log" -w -t 120 start >/dev/null || {
        cat "$WORK/server.log" >&2
        die "the server did not start"
    }
    export PGHOST=$WORK PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
    unset PGSERVICE PGOPTIONS PGPASSFILE PGSSLMODE
}

# python_tests FILE [ARGUMENT...]: a program below test/ of the copy, by the Python of
# Debian, which has its packages.
python_tests() { as_user env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$WORK/tree/test/$1" "${@:2}"; }

# mount_small_disk: a file system of 80 MB for the tests that fill one, which they
# find by INVENTORY_TEST_SMALL_DISK. Where none can be mounted they are skipped.
mount_small_disk() {
    mkdir "$WORK/disk"
    if { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; } &&
        as_root mount -t tmpfs -o "size=80m,mode=700,uid=$(id -u "$RUN_USER")" tmpfs "$WORK/disk" 2>/dev/null; then
        export INVENTORY_TEST_SMALL_DISK=$WORK/disk
    else
        say 'No small disk can be mounted here: the test of full disks is skipped.'
    fi
}

stop_cluster() {
    [ ! -f "$WORK/data/postmaster.pid" ] || as_user "$PG_BIN/pg_ctl" -D "$WORK/data" -m immediate -w stop >/dev/null 2>&1 || true
}

# remove_work: stops the cluster and removes everything; meant for a trap.
remove_work() {
    [ -n "$WORK" ] || return 0
    stop_cluster
    ! mountpoint -q "$WORK/disk" || as_root umount -l "$WORK/disk"
    rm -rf "$WORK"
    WORK=
}
