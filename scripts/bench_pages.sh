#!/usr/bin/env bash
# Measures the pages over 10 million samples on a PostgreSQL of its own, and over a million on SQLite.
# Takes eight minutes and more, and 6 GB; SAMPLES="1000000" and FEEDBACK=100000 make it less.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh
source scripts/postgres.sh

MAKE_GOAL=bench-pages scripts/setup.sh dev
DATA_DIR=$(mktemp -d)
export DATA_DIR POSTGRES_OPTIONS=
read -ra samples <<<"${SAMPLES:-1000000 10000000}"
feedback=${FEEDBACK:-1000000}
trap 'stop_postgres; rm -rf "$DATA_DIR"' EXIT
if find_postgres && start_postgres; then
    DATABASE_URL=$POSTGRES_URL .venv/bin/python bench/pages.py \
        --samples "${samples[@]}" --feedback "$feedback" "$@"
    stop_postgres
else
    say "There is no PostgreSQL here; only SQLite is measured."
fi
DATABASE_URL="sqlite:///$DATA_DIR/bench.sqlite3" .venv/bin/python bench/pages.py \
    --samples 100000 1000000 --feedback "$feedback" "$@"
