#!/usr/bin/env bash
# Measures the inbox with a million feedback, on a PostgreSQL of its own and on SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh
source scripts/postgres.sh

MAKE_GOAL=bench-inbox scripts/setup.sh dev
DATA_DIR=$(mktemp -d)
export DATA_DIR
trap 'stop_postgres; rm -rf "$DATA_DIR"' EXIT
if find_postgres && start_postgres; then
    DATABASE_URL=$POSTGRES_URL .venv/bin/python bench/inbox.py --plans "$@"
    stop_postgres
else
    say "There is no PostgreSQL here; only SQLite is measured."
fi
DATABASE_URL="sqlite:///$DATA_DIR/bench.sqlite3" .venv/bin/python bench/inbox.py --plans "$@"
