# What the scripts share. Sourced, not run.

say() { printf '\n==> %s\n' "$*"; }

stop_with() {
    printf '\n%s\n' "$1" >&2
    shift
    for line in "$@"; do printf '    %s\n' "$line" >&2; done
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# apt_install PACKAGE...: installs Debian packages, or returns 1 where that is not possible.
apt_install() {
    is_root && command -v apt-get >/dev/null || return 1
    say "Installing with apt-get: $*"
    local log
    log=$(mktemp)
    if DEBIAN_FRONTEND=noninteractive apt-get -qq update >"$log" 2>&1 </dev/null &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" \
            >>"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        tail -n 5 "$log" >&2
        rm -f "$log"
        return 1
    fi
}
