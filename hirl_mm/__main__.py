"""The tools, each in a line: ``python -m hirl_mm``."""

import ast
import sys
from pathlib import Path

from hirl_mm import __version__

_TOOLS = Path(__file__).parent / '.mim/tools'


def tools() -> dict[str, str]:
    """Return what every tool does, by its name."""
    found = {}
    for file in sorted(_TOOLS.glob('*.py')):
        text = ast.get_docstring(ast.parse(file.read_text())) or ''
        found[file.stem] = ' '.join(text.split('\n\n')[0].split())
    return found


def main() -> None:
    """Print the tools, and how they are run."""
    found = tools()
    width = max(map(len, found))
    lines = [f'  {name:{width}}  {text}' for name, text in found.items()]
    in_checkout = _TOOLS.is_symlink()
    run = 'python tools/NAME.py' if in_checkout else 'mim run hirl_mm NAME'
    sys.stdout.write(
        f'hirl_mm {__version__}: hierarchical self-supervised learning\n\n'
        + '\n'.join(lines)
        + f'\n\n{run} --help has the options of a tool.\n'
        'python -m hirl_mm.env tells versions, devices and what is missing.\n'
    )


if __name__ == '__main__':
    main()
