# Sourced by the scripts beside it: the paths and the steps they share.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

VENV=$PWD/.venv
VENV_PYTHON=$VENV/bin/python
# pip starts compilers and cmake scripts by name.
export PATH="$VENV/bin:$PATH"

say() { printf '%s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

venv_pip() { "$VENV_PYTHON" -m pip --disable-pip-version-check "$@"; }

# A stamp says which step is done, for which folder and which files. It is
# written when the step has succeeded, so an interrupted step runs again.
stamp_text() {
    printf '%s\n' "$PWD"
    cat -- "$@"
}

stamp_is_current() { # NAME FILE...
    local stamp=$VENV/$1.stamp
    shift
    [ -x "$VENV_PYTHON" ] && [ -f "$stamp" ] &&
        stamp_text "$@" | cmp -s - "$stamp"
}

write_stamp() { # NAME FILE...
    local stamp=$VENV/$1.stamp
    shift
    stamp_text "$@" >"$stamp.tmp"
    mv "$stamp.tmp" "$stamp"
}

STACK_FILES=(requirements/stack.txt setup.py hirl_mm/version.py)
DEV_FILES=(requirements/dev.txt)
DETECTION_FILES=(requirements/stack.txt requirements/detection.txt)

# The one version of mmcv and mmcv-lite.
pinned_mmcv() { sed -n 's/^mmcv-lite==\([^ ;#]*\).*/\1/p' requirements/stack.txt; }

installed_version() { # DISTRIBUTION; empty where there is none
    "$VENV_PYTHON" - "$1" <<'PYTHON'
import sys
from importlib.metadata import PackageNotFoundError, version

try:
    print(version(sys.argv[1]))
except PackageNotFoundError:
    pass
PYTHON
}
