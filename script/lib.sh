# shellcheck shell=sh
# script/lib.sh: what the scripts share: messages, the server's folders, root rights, locks, and
# "the extension of this tree is installed and stays so while I run". Sourced, with the top of the
# tree as the current folder, by sh and by bash.

PG_CONFIG=${PG_CONFIG:-pg_config}
export PG_CONFIG

say() {
	printf '== %s\n' "$*" >&2
}

die() {
	printf 'hadvice: %s\n' "$*" >&2
	exit 1
}

# pg --bindir: a folder of the server
pg() {
	"$PG_CONFIG" "$@" 2>/dev/null || die "cannot run '$PG_CONFIG $*': try 'make deps', or set PG_CONFIG"
}

# as_root COMMAND…: directly, or through sudo. Without a terminal sudo must not ask.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif ! command -v sudo >/dev/null; then
		return 1
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

# lock FD FOLDER WHAT: waits for the lock on a folder and keeps it until FD is closed. Folders, opened
# for reading, are locked so that no lock file has to be made, owned or left behind.
lock() {
	eval "exec $1<\"\$2\""
	flock -n "$1" || {
		say "waiting for another run that uses $3"
		flock "$1"
	}
}

# locked FOLDER COMMAND…: runs a command while no other run holds this folder of the tree.
locked() {
	(
		lock 7 "$1" 'this tree'
		shift
		"$@"
	)
}

build() {
	locked . "${MAKE:-make}" --no-print-directory -s -j"$(nproc)" all >&2
}

# The extension's files, and where the server expects them.
installed_as() {
	case $1 in
	*.so) echo "$(pg --pkglibdir)/$1" ;;
	*) echo "$(pg --sharedir)/extension/${1##*/}" ;;
	esac
}

is_installed() {
	for file in hadvice.so hadvice.control sql/hadvice--*.sql; do
		cmp -s "$file" "$(installed_as "$file")" || return 1
	done
}

# sudo clears the environment, so make gets its variables as arguments.
install_now() {
	set -- "${MAKE:-make}" --no-print-directory install "PG_CONFIG=$PG_CONFIG" "WERROR=${WERROR-}"
	if [ -w "$(pg --pkglibdir)" ] && [ -w "$(pg --sharedir)/extension" ]; then
		"$@" >/dev/null
	else
		as_root "$@" >/dev/null || die "installing into $(pg --pkglibdir) needs root or sudo"
	fi
}

# Installs what build made and keeps a shared lock (file descriptor 8) on the server's library folder
# until the caller ends or calls release_installed: runs of the same build go side by side, one that
# would replace the library under a running test waits for it.
hold_installed() {
	exec 8<"$(pg --pkglibdir)"
	while
		flock -s 8
		! is_installed
	do
		flock -u 8
		flock -n 8 || {
			say 'waiting for a run that uses another build of the installed extension'
			flock 8
		}
		is_installed || {
			say "installing into $(pg --pkglibdir)"
			install_now
		}
		is_installed || die "'make install' did not put this build into $(pg --pkglibdir)"
	done
}

release_installed() {
	exec 8<&-
}
