import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hirl_mm.files import replacing


@dataclass(frozen=True)
class ClassHierarchy:
    """Classes of a data set on several levels, from fine to coarse.

    Args:
        levels: Names of the levels, from level 0, the finest, to the
            coarsest.
        classes: Maps every class of level 0 to its class on each level, the
            class itself first. Classes are stored sorted, in the order in
            which an image folder numbers them.

    Raises:
        ValueError: If the classes do not form a tree.

    Example:
        >>> hierarchy = ClassHierarchy(
        ...     levels=['fine', 'coarse'],
        ...     classes={'cat': ['cat', 'animal'],
        ...              'dog': ['dog', 'animal'],
        ...              'car': ['car', 'vehicle']})
        >>> hierarchy.names('fine'), hierarchy.names('coarse')
        (('car', 'cat', 'dog'), ('animal', 'vehicle'))
        >>> hierarchy.labels([0, 1, 2], 'coarse')
        array([1, 0, 0])
    """

    levels: Sequence[str]
    classes: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        _check(self.levels, self.classes)
        classes = {name: tuple(self.classes[name]) for name in self.classes}
        object.__setattr__(self, 'levels', tuple(self.levels))
        object.__setattr__(self, 'classes', dict(sorted(classes.items())))

    def names(self, level: str) -> tuple[str, ...]:
        """Return the sorted class names of a level; indices are labels."""
        column = self._column(level)
        return tuple(sorted({path[column] for path in self.classes.values()}))

    def labels(
        self, fine_labels: Sequence[int] | np.ndarray, level: str
    ) -> np.ndarray:
        """Convert labels of level 0 to labels of a level.

        Args:
            fine_labels: (N,) integers, indices into the names of level 0.
            level: Name of the level.

        Returns:
            (N,) int64, indices into ``names(level)``.

        Raises:
            ValueError: If labels are no integers or out of range, or the
                level is unknown.
        """
        fine = np.asarray(fine_labels)
        if fine.size and fine.dtype.kind not in 'iu':
            raise ValueError(f'fine_labels must be integers, got {fine.dtype}')
        num = len(self.classes)
        if fine.size and not (fine.min() >= 0 and fine.max() < num):
            raise ValueError(
                f'fine_labels must lie in [0, {num}), got values from '
                f'{fine.min()} to {fine.max()}'
            )
        return self._table(level)[fine.astype(np.int64)]

    def tables(self) -> np.ndarray:
        """Return (T, C) int64, the label of each of C classes on T levels."""
        return np.stack([self._table(level) for level in self.levels])

    def save(self, path: str | os.PathLike) -> None:
        """Write a JSON file that :func:`load_hierarchy` can read."""
        content = {'levels': self.levels, 'classes': self.classes}
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + '\n')

    def _table(self, level: str) -> np.ndarray:
        column = self._column(level)
        index = {name: i for i, name in enumerate(self.names(level))}
        table = [index[path[column]] for path in self.classes.values()]
        return np.array(table)

    def _column(self, level: str) -> int:
        if level not in self.levels:
            raise ValueError(
                f'level must be one of {self.levels}, got {level!r}'
            )
        return self.levels.index(level)


def load_hierarchy(path: str | os.PathLike) -> ClassHierarchy:
    """Read a hierarchy from a JSON file.

    The file holds the names of the levels, from fine to coarse, and maps
    every class of the finest level to its class on each level, the class
    itself first::

        {"levels": ["fine", "middle", "coarse"],
         "classes": {
            "triangle-dotted": ["triangle-dotted", "triangle", "polygon"],
            "triangle-striped": ["triangle-striped", "triangle", "polygon"]}}

    Args:
        path: Path of the JSON file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file holds no class hierarchy.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'there is no class hierarchy {path}; give the hierarchy.json of '
            'a data set that has one'
        )
    try:
        content = json.loads(
            path.read_text('utf-8'), object_pairs_hook=_unique_object
        )
        if not isinstance(content, dict) or set(content) != {
            'levels',
            'classes',
        }:
            found = sorted(content) if isinstance(content, dict) else content
            raise ValueError(
                f"expected the keys ['classes', 'levels'], got {found!r:.80}"
            )
        return ClassHierarchy(**content)
    except ValueError as error:
        raise ValueError(
            f'{path} is not a class hierarchy: {error}'
        ) from error


def _unique_object(pairs: list[tuple[str, object]]) -> dict:
    """Build a JSON object; raise if a key has two different values.

    Without it, JSON silently keeps the last value.
    """
    content: dict[str, object] = {}
    for key, value in pairs:
        if content.setdefault(key, value) != value:
            raise ValueError(
                f'{key!r} is given twice, as {content[key]} and as {value}'
            )
    return content


def _check(
    levels: Sequence[str], classes: Mapping[str, Sequence[str]]
) -> None:
    if not _is_names(levels) or len(set(levels)) != len(levels):
        raise ValueError(
            f'levels must be different names from fine to coarse, got '
            f'{levels!r}'
        )
    if not isinstance(classes, Mapping) or not classes:
        raise ValueError(
            f'classes must map fine classes to their ancestors, got '
            f'{classes!r}'
        )
    parents: dict[tuple[int, str], str] = {}
    for name, path in classes.items():
        if not _is_names(path) or len(path) != len(levels):
            raise ValueError(
                f'class {name!r} needs one name for each of the levels '
                f'{list(levels)}, got {path!r}'
            )
        if path[0] != name:
            raise ValueError(
                f'class {name!r} must come first in its own list, got '
                f'{list(path)}'
            )
        for level in range(len(levels) - 1):
            parent = parents.setdefault((level, path[level]), path[level + 1])
            if parent != path[level + 1]:
                raise ValueError(
                    f'{levels[level]} class {path[level]!r} has two parents, '
                    f'{parent!r} and {path[level + 1]!r}'
                )


def _is_names(value: object) -> bool:
    """Whether ``value`` is a list or tuple of one or more strings."""
    return (
        isinstance(value, list | tuple)
        and len(value) > 0
        and all(isinstance(name, str) for name in value)
    )
