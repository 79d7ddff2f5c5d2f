#!/bin/sh
# Prints the Python to build .venv with: $PYTHON when set, else that of .venv, else the first one that is new enough.
# 3.11 and 3.12 come first: for them a wheel brings the Redis server too.
usable() {
    "$1" -c "import sys; sys.exit(not ($2))" 2>/dev/null
}
for wanted in "(3, 11) <= sys.version_info[:2] <= (3, 12)" "sys.version_info[:2] >= (3, 11)"; do
    for name in ${PYTHON:-.venv/bin/python python3 python3.12 python3.11 python3.13 python3.14 python}; do
        if usable "$name" "$wanted"; then
            echo "$name"
            exit
        fi
    done
done
echo "Gatehouse needs Python 3.11 or newer${PYTHON:+, and $PYTHON is not that}." >&2
echo "Install one, or name it: make run PYTHON=/path/to/python3.12" >&2
exit 1
