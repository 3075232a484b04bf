# A PostgreSQL of our own for one test run: its files in a temporary folder, on a free port,
# touching no other cluster on this machine. Sourced, not run.

find_postgres() {
    local folder
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
        [ -x "$folder/initdb" ] && POSTGRES_BIN=$folder
    done
    if [ -z "${POSTGRES_BIN:-}" ] && command -v initdb >/dev/null; then
        POSTGRES_BIN=$(dirname "$(readlink -f "$(command -v initdb)")")
    fi
    [ -n "${POSTGRES_BIN:-}" ]
}

# PostgreSQL refuses to run as root.
as_postgres() {
    if is_root; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# Sets POSTGRES_URL. What tests write may be lost; for measurements that count on a commit being on
# the disk, call it with POSTGRES_OPTIONS= (as a server is set up out of the box).
start_postgres() {
    POSTGRES_DIR=$(mktemp -d)
    is_root && chown postgres "$POSTGRES_DIR"
    local port
    port=$(.venv/bin/python -c \
        'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    as_postgres "$POSTGRES_BIN/initdb" --pgdata "$POSTGRES_DIR/data" --username wake \
        --auth trust --encoding UTF8 --locale C --no-sync >"$POSTGRES_DIR.log" 2>&1 &&
        as_postgres "$POSTGRES_BIN/pg_ctl" start --pgdata "$POSTGRES_DIR/data" --wait --silent \
            --log "$POSTGRES_DIR/log" --options \
            "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' \
             ${POSTGRES_OPTIONS--c fsync=off -c synchronous_commit=off -c full_page_writes=off}" \
            >>"$POSTGRES_DIR.log" 2>&1 </dev/null || {
        tail -n 5 "$POSTGRES_DIR.log" >&2
        return 1
    }
    POSTGRES_URL="postgres://wake@127.0.0.1:$port/postgres"
}

stop_postgres() {
    [ -n "${POSTGRES_DIR:-}" ] || return 0
    if [ -f "$POSTGRES_DIR/data/postmaster.pid" ]; then
        as_postgres "$POSTGRES_BIN/pg_ctl" stop --pgdata "$POSTGRES_DIR/data" --mode immediate \
            --silent >/dev/null 2>&1 || true
    fi
    rm -rf "$POSTGRES_DIR" "$POSTGRES_DIR.log"
    POSTGRES_DIR=
}
