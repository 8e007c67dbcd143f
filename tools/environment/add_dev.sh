#!/usr/bin/env bash
# Add the tools of requirements/dev.txt to the environment.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tools/environment/create.sh

if stamp_is_current dev "${DEV_FILES[@]}"; then
    exit 0
fi
say "installing requirements/dev.txt"
venv_pip install -q -r requirements/dev.txt "${WITHIN_PINS[@]}"
write_stamp dev "${DEV_FILES[@]}"
