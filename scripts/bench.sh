#!/usr/bin/env bash
# Runs one of the measurements in bench/ on a PostgreSQL of its own and on SQLite:
# scripts/bench.sh intake --rounds 3. How fast things come in is measured with a PostgreSQL that waits
# for the disk, as it comes; POSTGRES_OPTIONS= says so.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh
source scripts/postgres.sh

what=$1
shift
MAKE_GOAL=bench-$what scripts/setup.sh dev
DATA_DIR=$(mktemp -d)
export DATA_DIR
trap 'stop_postgres; rm -rf "$DATA_DIR"' EXIT
if find_postgres && start_postgres; then
    DATABASE_URL=$POSTGRES_URL .venv/bin/python "bench/$what.py" "$@"
    stop_postgres
else
    say "There is no PostgreSQL here; only SQLite is measured."
fi
DATABASE_URL="sqlite:///$DATA_DIR/bench.sqlite3" .venv/bin/python "bench/$what.py" "$@"
