#!/usr/bin/env bash
# Measures events: a million of them counted, and the pages that show them, on a PostgreSQL of its own and on SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh
source scripts/postgres.sh

MAKE_GOAL=bench-events scripts/setup.sh dev
DATA_DIR=$(mktemp -d)
export DATA_DIR
trap 'stop_postgres; rm -rf "$DATA_DIR"' EXIT
if find_postgres && start_postgres; then
    DATABASE_URL=$POSTGRES_URL .venv/bin/python bench/events.py "$@"
    stop_postgres
else
    say "There is no PostgreSQL here; only SQLite is measured."
fi
DATABASE_URL="sqlite:///$DATA_DIR/bench.sqlite3" .venv/bin/python bench/events.py "$@"
