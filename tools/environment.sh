#!/bin/sh
# Make, or bring up to date, the project's virtual environment from the lock files.
#
#   tools/environment.sh DIRECTORY run|dev [PYTHON]
#
# Instant when nothing changed: a stamp holds the checksum of what was installed. PYTHON, when given, is the interpreter
# wanted; an environment of another version is made anew. Needs nothing but a Python 3.11 to 3.13: no pip, no ensurepip.
set -eu

venv=$1
level=$2
python=${3-}
supported='import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
version='import sys; print("%d.%d" % sys.version_info[:2])'

cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH PIP_REQUIRE_VIRTUALENV PIP_TARGET PIP_PREFIX PIP_USER
export PYTHONNOUSERSITE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf '%s\n' "$*" >&2; }

works() { "$1" -c "$supported" >/dev/null 2>&1; }

# what a NAMED interpreter must be, before anything is touched
check_wanted() {
    if [ -n "$python" ] && ! works "$python"; then
        say "PYTHON=$python is not a working Python 3.11, 3.12 or 3.13. It says: $("$python" --version 2>&1 | head -n 1)"
        exit 1
    fi
}

find_python() {
    for candidate in $python python3 python3.13 python3.12 python3.11 python; do
        if works "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    say "No Python 3.11, 3.12 or 3.13 found. Install one (Debian: apt-get install python3) or name it: make ... PYTHON=python3.13"
    exit 1
}

# an environment that runs, and is of the version wanted
usable() {
    works "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1 || return 1
    [ -z "$python" ] || [ "$("$python" -c "$version")" = "$("$venv/bin/python" -c "$version")" ]
}

create() {
    interpreter=$(find_python)
    say "Making $venv with $("$interpreter" --version) ..."
    rm -rf "$venv"
    "$interpreter" -m venv --without-pip "$venv"
    for pip in vendor/pip-*.whl; do
        "$venv/bin/python" "$pip/pip" install --quiet --no-index --no-deps "$pip"
    done
}

# state FILE...: what an environment made from these files, in this place, is stamped with
state() {
    pwd
    cat pyproject.toml requirements-build.lock "$@" | cksum
}

# fresh NAME FILE...: these very files were installed here before
fresh() {
    stamp=$venv/.$1
    shift
    [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(state "$@")" ]
}

install() {
    name=$1
    shift
    usable || create
    stamped=$(state "$@")
    say "Installing $* ..."
    for lock in "$@"; do
        set -- "$@" --requirement "$lock"
        shift
    done
    "$venv/bin/python" -m pip install --quiet --build-constraint requirements-build.lock "$@"
    "$venv/bin/python" -m pip install --quiet --build-constraint requirements-build.lock --no-deps --editable .
    printf '%s\n' "$stamped" > "$venv/.$name"
}

check_wanted
if [ -n "$python" ] && ! usable; then
    rm -rf "$venv"
fi
case $level in
    run) fresh dev requirements.lock requirements-dev.lock || fresh run requirements.lock || install run requirements.lock ;;
    dev) fresh dev requirements.lock requirements-dev.lock || install dev requirements.lock requirements-dev.lock ;;
    *)
        say "usage: $0 DIRECTORY run|dev [PYTHON]"
        exit 2
        ;;
esac
