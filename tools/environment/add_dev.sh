#!/usr/bin/env bash
# Add the tools of requirements/dev.txt to .venv.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tools/environment/create.sh

if stamp_is_current dev "${DEV_FILES[@]}"; then
    exit 0
fi
say "installing requirements/dev.txt"
venv_pip install -q -r requirements/dev.txt -c requirements/stack.txt
write_stamp dev "${DEV_FILES[@]}"
