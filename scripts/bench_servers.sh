#!/usr/bin/env bash
# Runs one of the measurements of servers (intake, overload, memory) on a PostgreSQL of its own that
# waits for the disk, and on SQLite: scripts/bench_servers.sh intake --rounds 3
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh
source scripts/postgres.sh

what=$1
shift
MAKE_GOAL=bench-$what scripts/setup.sh dev
DATA_DIR=$(mktemp -d)
export DATA_DIR POSTGRES_OPTIONS=
trap 'stop_postgres; rm -rf "$DATA_DIR"' EXIT
if find_postgres && start_postgres; then
    DATABASE_URL=$POSTGRES_URL .venv/bin/python "bench/$what.py" "$@"
    stop_postgres
else
    say "There is no PostgreSQL here; only SQLite is measured."
fi
DATABASE_URL="sqlite:///$DATA_DIR/bench.sqlite3" .venv/bin/python "bench/$what.py" "$@"
