#!/usr/bin/env bash
# Build the wheel of mmcv with its ops against the PyTorch of the environment.
#
# usage: build_mmcv.sh          build it, unless it is there
#        build_mmcv.sh --find   print its path, or nothing
#
# The wheel is kept in ${XDG_CACHE_HOME:-~/.cache}/hirl_mm/wheels, in a folder
# named after all that its binary depends on: PyTorch with its local suffix
# (+cpu and +cu130 are different libraries), Python, the machine, and whether
# the ops are for the CPU alone. They are unless FORCE_CUDA=1, also beside a
# GPU: PyTorch brings no CUDA compiler. MAX_JOBS limits parallel compilers.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=$(pinned_mmcv)
ops=cpu
[ "${FORCE_CUDA:-0}" = 0 ] || ops=cuda
folder=${XDG_CACHE_HOME:-$HOME/.cache}/hirl_mm/wheels/$("$VENV_PYTHON" - <<'PYTHON'
import platform
import sys
from importlib.metadata import version

import torch

major, minor = sys.version_info[:2]
print(f'torch{torch.__version__}-cp{major}{minor}-{platform.machine()}')
PYTHON
)-$ops

find_wheel() {
    [ ! -d "$folder" ] ||
        find "$folder" -maxdepth 1 -name "${MMCV//-/_}-$version-*.whl" |
        head -n 1
}

check_compiler() {
    command -v "${CXX:-c++}" >/dev/null ||
        fail "mmcv is compiled from source and needs a C++ compiler, but" \
            "${CXX:-c++} was not found. Install one, for example with:" \
            "apt install g++"
    "$VENV_PYTHON" - <<'PYTHON' ||
import os, sysconfig
raise SystemExit(
    not os.path.exists(sysconfig.get_path('include') + '/Python.h'))
PYTHON
        fail "mmcv is compiled from source and needs Python.h. Install it," \
            "for example with: apt install python3-dev"
}

# In its own process group (set -m), so that an interrupted run can stop the
# compilers too.
start_build() { # TEMPORARY
    local jobs cuda=()
    jobs=${MAX_JOBS:-$("$VENV_PYTHON" -c 'import os; print(os.cpu_count())')}
    [ "$ops" = cuda ] || cuda=(CUDA_VISIBLE_DEVICES=)
    set -m
    env MMCV_WITH_OPS=1 MAX_JOBS="$jobs" ${cuda[@]+"${cuda[@]}"} \
        "$VENV_PYTHON" -m pip wheel -v --disable-pip-version-check \
        --no-deps --no-cache-dir --no-build-isolation --no-binary "$MMCV" \
        -w "$1" "$MMCV==$version" >"$1/log" 2>&1 &
    set +m
}

watch_build() { # PID LOG
    local seconds=0 done
    while kill -0 "$1" 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        [ $((seconds % 30)) -eq 0 ] || continue
        # ninja numbers its steps: [12/96]
        done=$(grep -o '\[[0-9]*/[0-9]*\]' "$2" | tail -n 1) || done=
        say "  $((seconds / 60)) min $((seconds % 60)) s" \
            "${done:+- $done files compiled}"
    done
    wait "$1"
}

if [ "${1-}" = --find ]; then
    find_wheel
    exit
fi
if [ -n "$(find_wheel)" ]; then
    exit 0
fi
check_compiler
mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ] ||
    fail "$folder cannot be written to, and the built mmcv is kept there:" \
        "name another folder with XDG_CACHE_HOME=/path/to/folder"
temporary=$(mktemp -d "$folder/.build-XXXXXX")
build=
stop() {
    [ -z "$build" ] || kill -- "-$build" 2>/dev/null || true
    rm -rf "$temporary"
}
trap stop EXIT
trap 'exit 130' INT TERM
say "compiling $MMCV $version with $ops ops against this PyTorch, once:" \
    "about 7 minutes on 2 cores"
start_build "$temporary"
build=$!
if ! watch_build "$build" "$temporary/log"; then
    tail -n 40 "$temporary/log" >&2
    fail "$MMCV $version could not be built (see above)"
fi
build=
mv "$temporary/${MMCV//-/_}"-*.whl "$folder/"
say "$MMCV $version is built: $(find_wheel)"
