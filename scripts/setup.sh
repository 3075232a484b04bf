#!/usr/bin/env bash
# Makes .venv with the pinned packages and .env with a secret key. May be run again: what is done
# already takes no time. `scripts/setup.sh dev` adds what the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

wanted=requirements.txt
[ "${1:-}" = dev ] && wanted=requirements-dev.txt
python=${PYTHON:-python3}

find_python() {
    command -v "$python" >/dev/null ||
        stop_with "There is no '$python' on this machine." \
            "Wake needs Python 3.11 or newer: apt-get install python3 python3-venv"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop_with "'$python' is $("$python" --version), but Wake needs 3.11 or newer." \
            "Name a newer one: make $MAKE_GOAL PYTHON=/path/to/python3"
}

make_venv() {
    if .venv/bin/python -c 'import pip' 2>/dev/null; then return; fi
    find_python
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        local version
        version=$("$python" -c 'import sys; print("python3.%d" % sys.version_info.minor)')
        apt_install "$version-venv" ||
            stop_with "Python's venv module is missing. Install it, then run this again:" \
                "sudo apt-get install $version-venv"
    fi
    say "Making a virtual environment in .venv ($("$python" --version))"
    "$python" -m venv --clear .venv
}

# A stamp holds the checksum of what was installed, so that a second run has nothing to do.
install_packages() {
    local stamp=.venv/installed-$wanted checksum log=.venv/pip.log
    checksum=$(cat requirements.txt requirements-dev.txt constraints.txt | cksum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$checksum" ] && return
    say "Installing the packages of $wanted into .venv (a minute or two the first time)"
    if ! .venv/bin/python -m pip install --no-input --disable-pip-version-check \
        --progress-bar off -r "$wanted" 2>&1 </dev/null | tee "$log" | show_progress; then
        grep -E '^(ERROR|error)' "$log" >&2 || tail -n 15 "$log" >&2
        stop_with "pip could not install $wanted; its whole output is in $log." \
            "Without a way to the internet, point pip at a mirror: PIP_INDEX_URL=https://..."
    fi
    printf "%s\n" "$checksum" | tee "$stamp" >.venv/installed-requirements.txt
}

show_progress() {
    awk '/^Collecting /            { n += 1; if (n % 10 == 1) { print "    package " n ": " $2 } }
         /^Installing collected /  { print "    unpacking " n " packages" }
         { fflush() }'
}

write_env() {
    if [ -n "${SECRET_KEY:-}${SECRET_KEY_FILE:-}" ]; then return; fi
    if grep -Eqs '^ *(export +)?SECRET_KEY(_FILE)?=' .env; then return; fi
    say "Writing a new SECRET_KEY into .env (keep it: secrets in the database need it)"
    (
        umask 077
        .venv/bin/python -c 'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(48))' \
            >>.env
    )
    chmod 600 .env
}

MAKE_GOAL=${MAKE_GOAL:-setup}
make_venv
install_packages
write_env
