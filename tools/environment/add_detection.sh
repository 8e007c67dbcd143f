#!/usr/bin/env bash
# Add mmdet and mmseg to .venv, and put the full mmcv in the place of mmcv-lite.
#
# mmcv has no ready-made wheel for this PyTorch: its ops are compiled once
# (see build_mmcv.sh) and the wheel is kept for the next environment.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tools/environment/add_dev.sh

if stamp_is_current detection "${DETECTION_FILES[@]}"; then
    exit 0
fi

mmcv_works() {
    [ "$(installed_version mmcv)" = "$(pinned_mmcv)" ] &&
        (cd / && "$VENV_PYTHON" -c 'import mmcv.ops')
}

# Until the other mmcv is in place, .venv is incomplete and has no stamp.
install_mmcv() { # WHEEL
    say "replacing mmcv-lite by $(basename "$1")"
    rm -f "$VENV/stack.stamp"
    [ -z "$(installed_version mmcv-lite)" ] ||
        venv_pip uninstall -q -y mmcv-lite
    venv_pip install -q --no-deps --no-cache-dir --force-reinstall "$1"
    (cd / && "$VENV_PYTHON" -c 'import mmcv')
    write_stamp stack "${STACK_FILES[@]}"
}

if ! mmcv_works 2>/dev/null; then
    wheel=$(tools/environment/build_mmcv.sh --find)
    if [ -n "$wheel" ]; then
        install_mmcv "$wheel"
        mmcv_works || {
            say "$wheel does not import (see above): building it anew"
            rm -f "$wheel"
        }
    fi
    if [ ! -f "$wheel" ]; then
        tools/environment/build_mmcv.sh
        install_mmcv "$(tools/environment/build_mmcv.sh --find)"
        mmcv_works || fail "the mmcv built just now does not import"
    fi
fi

say "installing requirements/detection.txt"
venv_pip install -q -r requirements/detection.txt -c requirements/stack.txt
(cd / && "$VENV_PYTHON" -c \
    'from hirl_mm import stack; stack.require_detection()
stack.require_segmentation()') || fail "mmdet or mmseg cannot be imported"
write_stamp detection "${DETECTION_FILES[@]}"
