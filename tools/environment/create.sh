#!/usr/bin/env bash
# Create .venv with the stack of requirements/stack.txt and hirl_mm itself.
#
# PYTHON=/path/to/python3.11 chooses the Python of a new .venv. Does nothing
# when .venv is complete; an interrupted run is completed by the next one.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Print why a Python does not fit, or nothing.
misfit() { # PYTHON
    "$1" - 2>/dev/null <<'PYTHON' || printf 'does not start'
import platform
import sys

if not (3, 10) <= sys.version_info[:2] <= (3, 12):
    print('is Python', platform.python_version())
else:
    try:
        import ensurepip, venv
    except ImportError as error:
        print(f'lacks {error.name}, install the python3-venv package')
PYTHON
}

find_python() {
    local candidates=(python3.11 python3.12 python3.10 python3)
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
    fail "hirl_mm needs Python 3.10, 3.11 or 3.12 to create .venv." \
        "Looked for: ${candidates[*]}. Found: ${found:-none}." \
        "Name one with: make env PYTHON=/path/to/python3.11"
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
    say "[1/3] creating .venv with Python $(python_version "$python")" \
        "($(command -v "$python"))"
    "$python" -m venv --clear "$VENV"
}

# mmcv and mmcv-lite share one folder: where the full mmcv of the wanted
# version is in place, it stays.
install_stack() {
    local full
    full=$(installed_version mmcv)
    say "[2/3] installing requirements/stack.txt (PyTorch and OpenMMLab:" \
        "about 5 GB, a few minutes the first time)"
    if [ -n "$full" ] && [ "$full" = "$(pinned_mmcv)" ]; then
        grep -v '^mmcv-lite' requirements/stack.txt >"$VENV/stack.txt"
    else
        [ -z "$full" ] || venv_pip uninstall -q -y mmcv
        cp requirements/stack.txt "$VENV/stack.txt"
    fi
    venv_pip install -q -r "$VENV/stack.txt"
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

fresh=no
if venv_works; then
    say "[1/3] completing .venv (Python $(python_version "$VENV_PYTHON"))"
else
    new_venv
    fresh=yes
fi
rm -f "$VENV"/*.stamp
install_stack
install_project
if ! imports_work; then
    [ "$fresh" = no ] || fail "the new .venv cannot import its packages" \
        "(see above); please report this with the output of:" \
        "$VENV_PYTHON -m pip freeze"
    say ".venv cannot import its packages (see above): making it anew"
    new_venv
    install_stack
    install_project
    imports_work || fail "the new .venv cannot import its packages"
fi
write_stamp stack "${STACK_FILES[@]}"
say "environment ready: .venv"
