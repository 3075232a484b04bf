#!/usr/bin/env bash
# Checks the code without running it. Every check runs, whatever the one before it said.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

MAKE_GOAL=lint scripts/setup.sh dev
export PATH="$PWD/.venv/bin:$PATH"
# Checked as in production: an https address turns on what only https can have.
export BASE_URL=https://wake.example ALLOWED_HOSTS=wake.example DATABASE_URL=
DATA_DIR=$(mktemp -d)
export DATA_DIR DATABASE_URL="sqlite:///$DATA_DIR/wake.sqlite3"
trap 'rm -rf "$DATA_DIR"' EXIT
failed=()

check() {
    printf '    %s\n' "$*"
    local output
    if ! output=$("$@" 2>&1 </dev/null); then
        printf '%s\n' "$output"
        failed+=("$*")
    fi
}

say "Checking the code"
check ruff check .
check ruff format --check .
check mypy .
check lint-imports
check python manage.py check --deploy --fail-level WARNING
check python manage.py makemigrations --check --dry-run

[ ${#failed[@]} = 0 ] || stop_with "These checks failed; what they said is above:" "${failed[@]}"
