from collections.abc import Sequence
from pathlib import Path


def run_names(folders: Sequence[Path]) -> list[str]:
    """Return short names that tell runs apart.

    Args:
        folders: Work folders of the runs, all different.

    Returns:
        The last part of every path, or as many last parts as are needed.

    Raises:
        ValueError: If a folder is given twice.

    Example:
        >>> run_names([Path('a/plain'), Path('a/hirl'), Path('b/hirl')])
        ['plain', 'a/hirl', 'b/hirl']
    """
    parts = [folder.absolute().resolve().parts for folder in folders]
    if len(set(parts)) < len(parts):
        raise ValueError(
            f'a run is given twice: {", ".join(map(str, folders))}'
        )
    return [_name(own, parts) for own in parts]


def _name(own: tuple[str, ...], parts: Sequence[tuple[str, ...]]) -> str:
    for num in range(1, len(own)):
        if sum(other[-num:] == own[-num:] for other in parts) == 1:
            break
    return '/'.join(own[-num:])
