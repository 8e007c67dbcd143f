#!/usr/bin/env bash
# Create .venv with the pinned stack and hirl_mm itself.
#
# STACK=onedl takes the maintained fork and the folder .venv-onedl (see
# common.sh). PYTHON=/path/to/python3.11 chooses the Python of a new folder.
# Does nothing when it is complete; an interrupted run is completed by the next.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Print why a Python does not fit, or nothing.
misfit() { # PYTHON
    "$1" - "${PYTHONS[@]}" 2>/dev/null <<'PYTHON' || printf 'does not start'
import platform
import sys

major, minor = sys.version_info[:2]
if f'{major}.{minor}' not in sys.argv[1:]:
    print('is Python', platform.python_version())
else:
    try:
        import ensurepip, venv
    except ImportError as error:
        print(f'lacks {error.name}, install the python3-venv package')
PYTHON
}

find_python() {
    local candidates=("${PYTHONS[@]/#/python}" python3)
    [ -z "${PYTHON-}" ] || candidates=("$PYTHON")
    local candidate reason found=''
    for candidate in "${candidates[@]}"; do
        command -v "$candidate" >/dev/null || continue
        reason=$(misfit "$candidate")
        if [ -z "$reason" ]; then
            printf '%s' "$candidate"
            return
        fi
        found="$found; $candidate $reason"
    done
    found=${found#; }
    local versions=${PYTHONS[*]}
    fail "$VENV_NAME needs one of Python ${versions// /, }." \
        "Looked for: ${candidates[*]}. Found: ${found:-none}. Name one with:" \
        "make env STACK=$STACK PYTHON=/path/to/python${PYTHONS[0]}"
}

python_version() { # PYTHON
    "$1" -c 'import platform; print(platform.python_version())'
}

venv_works() {
    [ -x "$VENV_PYTHON" ] && [ -z "$(misfit "$VENV_PYTHON")" ] &&
        venv_pip --version >/dev/null 2>&1
}

new_venv() {
    local python
    python=$(find_python)
    say "[1/3] creating $VENV_NAME with Python $(python_version "$python")" \
        "($(command -v "$python"))"
    "$python" -m venv --clear "$VENV"
}

check_writable() { # PATH...
    local path
    for path in "$@"; do
        [ ! -e "$path" ] || [ -w "$path" ] ||
            fail "$(realpath "$path") cannot be written to: make it writable," \
                "or copy the checkout to a folder where you may write"
    done
}

# Older ones install no editable package that has a pyproject.toml.
check_pip() {
    local least=21.3 found
    found=$(venv_pip --version | cut -d ' ' -f 2)
    [ "$(printf '%s\n' "$least" "$found" | sort -V | head -n 1)" = "$least" ] ||
        fail "$VENV_NAME has pip $found, and $least or later is needed." \
            "Upgrade it, then run this again:" \
            "$VENV_NAME/bin/python -m pip install --upgrade pip"
}

# Both kinds of mmcv share one folder: where one of the wanted version with
# ops is in place, it stays.
install_stack() {
    local full
    full=$(installed_version "$MMCV")
    check_pip
    say "[2/3] installing ${PINS[1]} (PyTorch and OpenMMLab:" \
        "about 5 GB, a few minutes the first time)"
    if [ -n "$full" ] && [ "$full" = "$(pinned_mmcv)" ]; then
        grep -v "^$MMCV_LITE==" "${PINS[1]}" >"$VENV/stack.txt"
    else
        [ -z "$full" ] || venv_pip uninstall -q -y "$MMCV"
        cp "${PINS[1]}" "$VENV/stack.txt"
    fi
    venv_pip install -q -r "${PINS[0]}" -r "$VENV/stack.txt"
}

install_project() {
    say "[3/3] installing hirl_mm (editable) and importing the stack"
    venv_pip install -q --no-build-isolation --no-deps -e .
}

imports_work() {
    (cd / && "$VENV_PYTHON" -c '
import cv2, faiss, matplotlib, scipy, sklearn, torchvision
from hirl_mm.stack import check_stack
check_stack()')
}

if stamp_is_current stack "${STACK_FILES[@]}"; then
    exit 0
fi

check_writable . "$VENV_NAME"
fresh=no
if venv_works; then
    say "[1/3] completing $VENV_NAME (Python $(python_version "$VENV_PYTHON"))"
else
    new_venv
    fresh=yes
fi
rm -f "$VENV"/*.stamp
install_stack
install_project
if ! imports_work; then
    [ "$fresh" = no ] || fail "$VENV_NAME cannot import its new packages" \
        "(see above); please report this with the output of:" \
        "$VENV_PYTHON -m pip freeze"
    say "$VENV_NAME cannot import its packages (see above): making it anew"
    new_venv
    install_stack
    install_project
    imports_work || fail "$VENV_NAME cannot import its new packages"
fi
write_stamp stack "${STACK_FILES[@]}"
say "environment ready: $VENV_NAME"
