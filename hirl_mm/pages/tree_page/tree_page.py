from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from hirl_mm.files import check_replaceable, replacing_folder
from hirl_mm.progress import shown_progress

from .file_names import FileNames, file_names
from .matched_nodes import same_images
from .page_shell import write_shell
from .preview import PagePreview, check_space, preview, thumbnail_size
from .shards import write_data
from .shown_level import ShownLevel, shown_level
from .shown_tree import ShownTree
from .thumbnail_cells import ThumbnailCells
from .thumbnails import PER_SHEET, SIDE, draw_sheet
from .tree_changes import LevelChanges, write_changes
from .tree_data import PER_SHARD, tree_facts, write_tree_data

# By this file a folder is known to hold a page.
MARKER = 'data/page.js'


@dataclass(frozen=True, eq=False)
class TreePage:
    """A page of one tree, or of two trees that are compared.

    Args:
        shown: The tree.
        other: A tree of the same images to compare with.
        title: Title of the page.
        images_per_node: Number of thumbnails of a node.
        largest: Largest side of a thumbnail in pixels; those of smaller
            images are smaller.
        threads: Number of threads that read images; None for one per core.

    Raises:
        ValueError: If a number is out of range, or the trees to compare
            differ in their number of levels or have no image in common.

    Example:
        >>> import torch
        >>> from PIL import Image
        >>> from hirl_mm.structures import PrototypeTree
        >>> for name in 'ab':
        ...     Image.new('RGB', (40, 40)).save(f'{name}.png')
        >>> tree = PrototypeTree([torch.eye(2)], [], torch.tensor([0, 1]))
        >>> page = TreePage(ShownTree(tree, ['a.png', 'b.png']))
        >>> page.write('tree', log=print)
        []
    """

    shown: ShownTree
    other: ShownTree | None = None
    title: str = 'Tree of images'
    images_per_node: int = 12
    largest: int = 96
    threads: int | None = None

    def __post_init__(self) -> None:
        for name, least in (
            *(('images_per_node', 1), ('largest', 8)),
            *((('threads', 1),) if self.threads is not None else ()),
        ):
            if getattr(self, name) < least:
                raise ValueError(
                    f'{name} must be at least {least}, got '
                    f'{getattr(self, name)}'
                )
        if self.other is not None:
            nums = [tree.tree.num_levels for tree in self.trees.values()]
            if len(set(nums)) > 1:
                raise ValueError(
                    'trees to compare must have the same number of levels, '
                    f'got {nums[0]} and {nums[1]}'
                )

    @property
    def trees(self) -> dict[str, ShownTree]:
        """The tree and the other one, by the names of their data."""
        found = dict(this=self.shown)
        return found if self.other is None else found | dict(other=self.other)

    @cached_property
    def levels(self) -> dict[str, list[ShownLevel]]:
        """Levels of the trees, from fine to coarse."""
        return {
            key: [
                shown_level(shown, level, self.images_per_node)
                for level in range(shown.tree.num_levels)
            ]
            for key, shown in self.trees.items()
        }

    @cached_property
    def names(self) -> dict[str, FileNames]:
        """Names of the images of the trees."""
        return {
            key: file_names(shown.paths, shown.picture is None)
            for key, shown in self.trees.items()
        }

    @cached_property
    def other_samples(self) -> dict[str, np.ndarray]:
        """Numbers of the images of each tree in the other one."""
        if self.other is None:
            return {}
        there = same_images(self.shown.paths, self.other.paths)
        back = np.full(len(self.other.paths), -1)
        back[there[there >= 0]] = np.flatnonzero(there >= 0)
        return dict(this=there, other=back)

    @cached_property
    def changes(self) -> dict[str, list[LevelChanges]]:
        """What moved out of the nodes of each tree; empty for one tree."""
        if self.other is None:
            return {}
        pair = list(self.trees.items())
        return {
            key: [
                LevelChanges(shown, other, level, self.other_samples[key])
                for level in range(shown.tree.num_levels)
            ]
            for (key, shown), (_, other) in zip(pair, pair[::-1], strict=True)
        }

    @cached_property
    def cells(self) -> dict[str, ThumbnailCells]:
        """Thumbnails of levels, and of what moved, by their folder."""
        found = {}
        for key, levels in self.levels.items():
            for level in levels:
                found[f'{key}/level{level.level}'] = level.cells
        for key, changes in self.changes.items():
            for change in changes:
                found[f'{key}/moved{change.level}'] = change.cells
        return found

    @cached_property
    def thumbnail_size(self) -> int:
        """Side of a thumbnail in pixels."""
        return thumbnail_size(self._tried, self.shown.image, self.largest)

    @cached_property
    def preview(self) -> PagePreview:
        """How large the page will be, and how long it will take."""
        return preview(
            self._tried,
            sum(len(shown.paths) for shown in self.trees.values()),
            sum(len(cells.flat) for cells in self.cells.values()),
            self.shown.image,
            self.thumbnail_size,
            self._num_threads,
        )

    def write(
        self, out: str | os.PathLike, log: Callable[[str], None]
    ) -> list[str]:
        """Write the page, to be opened by its ``index.html``.

        Args:
            out: Folder to write: a new or empty one, or one with an earlier
                page, which is replaced when the new one is complete.
            log: Function that writes a line of progress.

        Returns:
            Names of the images that could not be read; they have a grey
            square for a thumbnail.

        Raises:
            FileExistsError: If ``out`` is something else.
            OSError: If there is less space than the page will take.
        """
        check_replaceable(out, MARKER)
        out = Path(out).absolute()
        check_space(out, self.preview.num_bytes)
        with replacing_folder(out, MARKER) as folder:
            unread = self.write_sheets(folder, log)
            self._write_data(folder, out)
            write_shell(folder, self.title)
        return unread

    @property
    def _num_threads(self) -> int:
        return self.threads or len(os.sched_getaffinity(0))

    @property
    def _tried(self) -> list[int]:
        """Images to learn from how large thumbnails are."""
        num = len(self.shown.paths)
        return list(range(0, num, max(num // PER_SHEET, 1)))[:PER_SHEET]

    def write_sheets(
        self, folder: Path, log: Callable[[str], None]
    ) -> list[str]:
        """Draw all thumbnails.

        Args:
            folder: Folder of the page.
            log: Function that writes a line of progress.

        Returns:
            Names of the images that could not be read.
        """
        tasks = list(self.sheets(folder))
        unread: set[str] = set()
        with ThreadPoolExecutor(self._num_threads) as pool:
            try:
                futures = [
                    pool.submit(draw_sheet, numbers, shown.image, size, file)
                    for shown, numbers, size, file in tasks
                ]
                shown_futures = shown_progress(futures, 'thumbnails', log)
                for future, task in zip(shown_futures, tasks, strict=True):
                    unread.update(task[0].paths[i] for i in future.result())
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return sorted(unread)

    def sheets(
        self, folder: Path
    ) -> Iterator[tuple[ShownTree, list[int], int, Path]]:
        """Yield the arguments of every sheet, and make its folder.

        Args:
            folder: Folder of the page.

        Yields:
            The tree of the images, their numbers, the side of a thumbnail
            and the file to write.
        """
        for name, cells in self.cells.items():
            shown = self.trees[name.partition('/')[0]]
            target = folder / 'sheets' / name
            target.mkdir(parents=True)
            for number, samples in enumerate(cells.sheets()):
                file = target / f'{number}.jpg'
                yield shown, samples, self.thumbnail_size, file

    def _write_data(self, folder: Path, out: Path) -> None:
        facts = {}
        for key, levels in self.levels.items():
            names = self.names[key]
            others = self.other_samples.get(key)
            write_tree_data(folder, key, levels, names, others)
            if self.changes:
                write_changes(folder, key, self.changes[key], names)
            shown, base = self.trees[key], names.base(out)
            facts[key] = tree_facts(shown, levels, base)
        page = dict(
            title=self.title,
            trees=facts,
            thumbnails=dict(
                size=self.thumbnail_size, side=SIDE, per_sheet=PER_SHEET
            ),
            per_shard=PER_SHARD,
        )
        write_data(folder, 'page', page)
