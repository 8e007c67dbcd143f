#!/usr/bin/env bash
# Check style, types, spelling and the syntax of shell scripts.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tools/environment/add_dev.sh

# Files that git knows or would add; all of them outside a git checkout.
list_files() {
    git ls-files -z --cached --others --exclude-standard 2>/dev/null ||
        find . -type d \( -name '.venv*' -o -name .git \) -prune -o -type f -print0
}

"$VENV_PYTHON" -m ruff check .
"$VENV_PYTHON" -m ruff format --check .
"$VENV_PYTHON" -m mypy
files=()
while IFS= read -r -d '' file; do
    # Deleted files are still listed, links to folders are listed as files.
    [ -f "$file" ] || continue
    files+=("$file")
    case $file in
    *.sh | .ci/run) bash -n "$file" ;;
    esac
done < <(list_files)
# There is no binary for other machines.
if [ -x "$VENV/bin/hadolint" ]; then
    "$VENV/bin/hadolint" tools/environment/Dockerfile
fi
"$VENV_PYTHON" -m codespell_lib "${files[@]}"
say "lint: no complaints"
