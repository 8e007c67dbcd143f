# Sourced by the scripts beside it: the paths and the steps they share.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { printf '%s\n' "$*"; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Which releases are installed, and into which folder: the stacks exist side by
# side. MMCV has ops, MMCV_LITE has none; those of the fork share one name.
case ${STACK:=openmmlab} in
openmmlab)
    VENV_NAME=.venv
    PINS=(requirements/common.txt requirements/stack.txt)
    DETECTION=requirements/detection.txt
    MMCV=mmcv MMCV_LITE=mmcv-lite
    PYTHONS=(3.11 3.12 3.10)
    ;;
onedl)
    VENV_NAME=.venv-onedl
    PINS=(requirements/common.txt requirements/onedl.txt)
    DETECTION=requirements/onedl_detection.txt
    MMCV=onedl-mmcv MMCV_LITE=onedl-mmcv
    PYTHONS=(3.12 3.13 3.11 3.10)
    ;;
*)
    fail "there is no STACK=$STACK: choose openmmlab (the default) or onedl," \
        "for example with: make env STACK=onedl"
    ;;
esac
export STACK

VENV=$PWD/$VENV_NAME
VENV_PYTHON=$VENV/bin/python
# pip starts compilers and cmake scripts by name.
export PATH="$VENV/bin:$PATH"

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

STACK_FILES=("${PINS[@]}" setup.py hirl_mm/version.py)
DEV_FILES=(requirements/dev.txt)
DETECTION_FILES=("${PINS[@]}" "$DETECTION")

# pip's options that keep the pinned packages as they are.
WITHIN_PINS=(-c "${PINS[0]}" -c "${PINS[1]}")

# The one version of the mmcv with ops and of the one without.
pinned_mmcv() { sed -n "s/^$MMCV_LITE==\([^ ;#]*\).*/\1/p" "${PINS[1]}"; }

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
