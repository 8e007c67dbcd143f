"""How a person starts a tool."""

from importlib.util import find_spec
from pathlib import Path

# In a checkout a link to tools/, in an installed package a copy.
TOOLS = Path(__file__).parents[1] / '.mim' / 'tools'


def tool_command(name: str, tools: Path = TOOLS) -> list[str]:
    """Return the first words of a command that starts a tool.

    In a checkout, Python starts its file, which is given from the present
    folder if it is inside. The tools of an installed package are at a place
    that nobody types: there ``mim`` starts them, if it is installed.

    Args:
        name: Name of the tool, such as ``'assign'``.
        tools: Folder of the tools.

    Example:
        >>> tool_command('assign')[-1].rpartition('tools')[2]
        '/assign.py'
    """
    if not tools.is_symlink() and find_spec('mim') is not None:
        return ['mim', 'run', 'hirl_mm', name]
    file, here = tools.resolve() / f'{name}.py', Path.cwd()
    if file.is_relative_to(here):
        file = file.relative_to(here)
    return ['python', str(file)]
