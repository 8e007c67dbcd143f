#!/usr/bin/env bash
# Add mmdet and mmseg to the environment, and put the mmcv with ops in the place
# of the one without.
#
# mmcv has no ready-made wheel for this PyTorch: its ops are compiled once
# (see build_mmcv.sh) and the wheel is kept for the next environment.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tools/environment/add_dev.sh

if stamp_is_current detection "${DETECTION_FILES[@]}"; then
    exit 0
fi

mmcv_works() {
    [ "$(installed_version "$MMCV")" = "$(pinned_mmcv)" ] &&
        (cd / && "$VENV_PYTHON" -c 'import mmcv.ops')
}

# Until the other mmcv is in place, the environment has no stamp.
install_mmcv() { # WHEEL
    say "replacing $MMCV_LITE by $(basename "$1")"
    rm -f "$VENV/stack.stamp"
    [ -z "$(installed_version "$MMCV_LITE")" ] ||
        venv_pip uninstall -q -y "$MMCV_LITE"
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

say "installing $DETECTION"
venv_pip install -q -r "$DETECTION" "${WITHIN_PINS[@]}"
(cd / && "$VENV_PYTHON" -c \
    'from hirl_mm import stack; stack.require_detection()
stack.require_segmentation()') || fail "mmdet or mmseg cannot be imported"
write_stamp detection "${DETECTION_FILES[@]}"
