#!/usr/bin/env bash
# Measures digests behind 10,000 and behind a million feedback, on a PostgreSQL of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh
source scripts/postgres.sh

MAKE_GOAL=bench-digest scripts/setup.sh dev
DATA_DIR=$(mktemp -d)
export DATA_DIR
trap 'stop_postgres; rm -rf "$DATA_DIR"' EXIT
if find_postgres && POSTGRES_OPTIONS= start_postgres; then
    DATABASE_URL=$POSTGRES_URL .venv/bin/python -m bench.digest "$@"
else
    say "There is no PostgreSQL here, and only there do digests by several workers make sense."
fi
