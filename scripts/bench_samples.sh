#!/usr/bin/env bash
# Measures taking in samples against COPY, on a PostgreSQL of its own that waits for the disk, and on
# SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh
source scripts/postgres.sh

MAKE_GOAL=bench-samples scripts/setup.sh dev
DATA_DIR=$(mktemp -d)
export DATA_DIR POSTGRES_OPTIONS=
trap 'stop_postgres; rm -rf "$DATA_DIR"' EXIT
if find_postgres && start_postgres; then
    DATABASE_URL=$POSTGRES_URL .venv/bin/python bench/samples.py "$@"
    stop_postgres
else
    say "There is no PostgreSQL here; only SQLite is measured."
fi
DATABASE_URL="sqlite:///$DATA_DIR/bench.sqlite3" .venv/bin/python bench/samples.py "$@"
