#!/usr/bin/env bash
# Checks the code and runs all tests, first on SQLite, then on a PostgreSQL of its own. Installs
# what is missing where it can (as root on Debian or Ubuntu), and says what it cannot.
# ARGS="tests/learning -k verdict" narrows what pytest runs.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh
source scripts/postgres.sh

MAKE_GOAL=test scripts/setup.sh dev
# One process a core, from 2 to 8 of them: each takes up to 700 MB.
cores=$(nproc)
args=(-q -n "${WORKERS:-$((cores < 2 ? 2 : cores > 8 ? 8 : cores))}" ${ARGS:-})
DATA_DIR=$(mktemp -d)
export DATA_DIR
failed=()
skipped=()

clean_up() {
    stop_postgres
    rm -rf "$DATA_DIR"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A person's own settings must not steer the tests.
unset BASE_URL REDIS_URL EMAIL_URL DATABASE_URL ALLOWED_HOSTS DEBUG OPEN_SIGN_UP

install_servers() {
    local missing=()
    find_postgres || missing+=(postgresql)
    command -v redis-server >/dev/null || missing+=(redis-server)
    command -v chromedriver >/dev/null || missing+=(chromium chromium-driver)
    [ -x /usr/sbin/dovecot ] || command -v dovecot >/dev/null || missing+=(dovecot-imapd openssl)
    command -v promtool >/dev/null || missing+=(prometheus)
    [ ${#missing[@]} = 0 ] && return
    apt_install "${missing[@]}" ||
        say "Not installed: ${missing[*]}. Tests that need them are skipped; to run them too:" \
            "sudo apt-get install ${missing[*]}"
}

step() {
    local name=$1
    shift
    say "$name"
    "$@" </dev/null || failed+=("$name")
}

install_servers
step "Lint" scripts/lint.sh
step "Tests on SQLite" .venv/bin/python -m pytest "${args[@]}"
if find_postgres && start_postgres; then
    # What a browser shows, and what no database is asked for, was seen above.
    step "Tests on PostgreSQL" env DATABASE_URL="$POSTGRES_URL" WAKE_TESTS=database \
        .venv/bin/python -m pytest "${args[@]}" -m "not browser"
else
    skipped+=("all tests on PostgreSQL (no server to be had)")
fi

for name in "${skipped[@]}"; do say "SKIPPED: $name"; done
[ ${#failed[@]} = 0 ] || stop_with "Failed:" "${failed[@]}"
