#!/usr/bin/env bash
# Sets Wake up and serves it: web, worker and beat, until Ctrl-C. Needs Python and nothing else.
# PORT, HOST and DEMO steer it; every setting of docs/settings.md may be set too.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

export PORT=${PORT:-8000} HOST=${HOST:-127.0.0.1} DEMO=${DEMO:-1}
MAKE_GOAL=run scripts/setup.sh

# Asked before the slow steps: nobody should wait a minute to learn this.
.venv/bin/python scripts/serve.py --check

if [ -z "${BASE_URL:-}${BASE_URL_FILE:-}" ] && ! grep -Eqs '^ *(export +)?BASE_URL' .env; then
    export BASE_URL="http://localhost:$PORT"
fi

say "Bringing the database up to date"
.venv/bin/python manage.py migrate --verbosity 0
say "Collecting static files"
.venv/bin/python manage.py collectstatic --noinput --verbosity 0
if [ "$DEMO" != 0 ]; then
    say "Filling the demo project (DEMO=0 leaves it out)"
    .venv/bin/python manage.py fill_demo
fi

say "Starting web, worker and beat"
exec .venv/bin/python scripts/serve.py
