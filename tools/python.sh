#!/bin/sh
# Print a Python 3.11, 3.12 or 3.13 that works: the one NAMED, or the first found. Says what is wrong otherwise.
#
#   tools/python.sh [NAME]        e.g. python3.13, or a path
set -eu

works() {
    "$1" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

# pyenv's shims answer only for versions that are switched on; this finds one that is merely installed
of_pyenv() {
    installed=$(pyenv versions --bare 2>/dev/null | grep "^${1#python}\.[0-9]*\$" | tail -n 1)
    [ -n "$installed" ] && echo "$(pyenv prefix "$installed")/bin/$1"
}

named=${1-}
for candidate in ${named:-python3 python3.13 python3.12 python3.11 python}; do
    for python in "$candidate" $(of_pyenv "$candidate"); do
        if works "$python"; then
            echo "$python"
            exit
        fi
    done
done

if [ -n "$named" ]; then
    echo "$named is not a working Python 3.11, 3.12 or 3.13; it says: $("$named" --version 2>&1 | head -n 1)" >&2
else
    echo "No Python 3.11, 3.12 or 3.13 found. Install one (Debian: apt-get install python3) or name it: make ... PYTHON=/path/to/python3.13" >&2
fi
exit 1
