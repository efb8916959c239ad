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
wanted=${3-}

cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH PIP_REQUIRE_VIRTUALENV PIP_TARGET PIP_PREFIX PIP_USER
export PYTHONNOUSERSITE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf '%s\n' "$*" >&2; }

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

create() {
    say "Making $venv with $("$1" --version) ..."
    rm -rf "$venv"
    "$1" -m venv --without-pip "$venv"
    own_pip
}

# whatever pip an environment came with, the one that installs is ours
own_pip() {
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
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        python=$(tools/python.sh "$wanted")
        create "$python"
    fi
    own_pip
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

if [ -n "$wanted" ]; then
    python=$(tools/python.sh "$wanted")
    if [ "$(version "$python")" != "$(version "$venv/bin/python")" ]; then
        create "$python"
    fi
fi
case $level in
    run) fresh dev requirements.lock requirements-dev.lock || fresh run requirements.lock || install run requirements.lock ;;
    dev) fresh dev requirements.lock requirements-dev.lock || install dev requirements.lock requirements-dev.lock ;;
    *)
        say "usage: $0 DIRECTORY run|dev [PYTHON]"
        exit 2
        ;;
esac
