"""Data of a page, in script files that it loads when it needs them.

A page from disk may not read files, but may load scripts from beside it.
"""

from collections.abc import Callable
from pathlib import Path

from hirl_mm.pages.frame.script_data import script_json


def write_data(folder: Path, key: str, value: object) -> None:
    """Write a value that scripts of the page read by its key.

    Args:
        folder: Folder of the page.
        key: Name of the value, with slashes.
        value: Numbers, texts, lists and dictionaries.
    """
    path = folder / 'data' / f'{key}.js'
    path.parent.mkdir(parents=True, exist_ok=True)
    # JSON.parse is several times as fast as the parser of scripts.
    text = script_json(script_json(value))
    path.write_text(f'hirl.load({script_json(key)},{text});\n')


def write_list(
    folder: Path,
    key: str,
    num: int,
    per_shard: int,
    entries: Callable[[range], object],
) -> None:
    """Write a list in shards ``KEY/0``, ``KEY/1`` and so on.

    Args:
        folder: Folder of the page.
        key: First part of the keys of the shards.
        num: Number of entries of the list.
        per_shard: Number of entries of all shards but the last one.
        entries: Function from the numbers of successive entries to the value
            of their shard.
    """
    for start in range(0, num, per_shard):
        value = entries(range(start, min(start + per_shard, num)))
        write_data(folder, f'{key}/{start // per_shard}', value)
