"""Names of branches and pseudo-labels, as files and tables."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from hirl_mm.datasets.list_files import write_list
from hirl_mm.hierarchy import (
    BranchVotes,
    PseudoLabels,
    branch_texts,
    count_votes,
    pseudo_labels,
)
from hirl_mm.hierarchy.image_records import rounded
from hirl_mm.hierarchy.record_files import Columns, write_records
from hirl_mm.structures import EmbeddedImages
from hirl_mm.tables import aligned_table

from .listed_path import listed_path

LIST = 'train.txt'
_BRANCHES = dict(
    level='integer',
    node='integer',
    name='text',
    classes='text[]',
    votes='integer[]',
    conflict='flag',
)
_LABELS = dict(file='text', label='text', confidence='number', level='integer')
_CHUNK = 65536


class LabelledTree:
    """A tree with the votes of a few labelled images.

    Args:
        images: The training images in the tree.
        places: (n,) long, leaf of every labelled image.
        labels: n numbers of their classes.
        class_names: Names of the classes.
        numbers: Number of every labelled image among ``images``, None for an
            image that is not among them.
        smoothing: See :func:`~hirl_mm.hierarchy.pseudo_labels`.

    Attributes:
        votes: Votes of all branches.
        found: Labels of all images. That of a labelled image is its own, with
            confidence 1 and level -1.
    """

    def __init__(
        self,
        images: EmbeddedImages,
        places: Tensor,
        labels: Sequence[int],
        class_names: Sequence[str],
        numbers: Sequence[int | None],
        smoothing: float = 1.0,
    ) -> None:
        self.images = images
        self.class_names = class_names
        given = torch.tensor(labels)
        self.votes: BranchVotes = count_votes(images.tree.paths(places), given)
        found = pseudo_labels(
            images.tree, images.leaf, self.votes, len(class_names), smoothing
        )
        known = torch.tensor([number is not None for number in numbers])
        own = torch.tensor(
            [number for number in numbers if number is not None]
        )
        own = own.long()
        found.label[own] = given[known]
        found.confidence[own] = 1.0
        found.level[own] = -1
        self.found: PseudoLabels = found

    def write(
        self,
        folder: str | os.PathLike,
        min_confidence: float,
        more: Sequence[tuple[str, int]] = (),
        shards: str = '',
    ) -> dict[str, int]:
        """Write names of branches, pseudo-labels, and a list for training.

        Args:
            folder: Folder to write in.
            min_confidence: Smallest confidence of a label in the list.
            more: Path and class of labelled images that are not among the
                training images; they are in the list, too.
            shards: Folder of the training images if they are in shards.

        Returns:
            Number of records by name of the file.
        """
        folder = Path(folder)
        kept = self.kept(min_confidence)
        entries = [
            (listed_path(self.images.paths[number], shards), str(label))
            for number, label in zip(
                kept.tolist(), self.found.label[kept].tolist(), strict=True
            )
        ]
        entries += [
            (os.path.abspath(file), str(label)) for file, label in more
        ]
        written = {
            'branches.jsonl': write_records(
                folder / 'branches.jsonl', _BRANCHES, self._branches()
            ),
            'pseudo_labels.jsonl': write_records(
                folder / 'pseudo_labels.jsonl', _LABELS, self._labels()
            ),
        }
        left_out = write_list(folder / LIST, entries)
        return written | {LIST: len(entries) - len(left_out)}

    def kept(self, min_confidence: float) -> Tensor:
        """Return the images whose label is confident enough, (m,) long."""
        enough = self.found.confidence >= min_confidence
        return (enough & (self.found.label >= 0)).nonzero().flatten()

    def table(self, num_rows: int = 20) -> str:
        """Return Markdown tables of the names of the largest branches."""
        tree = self.images.tree
        names: dict[int, dict[int, dict]] = {}
        for branch in branch_texts(self.votes, self.class_names):
            names.setdefault(branch['level'], {})[branch['node']] = branch
        leaf = self.images.leaf[self.images.leaf >= 0]
        parts = []
        for level in reversed(range(tree.num_levels)):
            named = names.get(level, {})
            nodes = tree.paths(leaf)[:, level]
            sizes = nodes.bincount(minlength=tree.num_prototypes[level])
            order = sizes.argsort(descending=True, stable=True).tolist()
            order = [node for node in order if node in named]
            conflicts = sum(branch['conflict'] for branch in named.values())
            text = aligned_table(
                ('branch', 'name', 'votes', 'images'),
                [
                    (
                        f'{level}:{node}',
                        named[node]['name'],
                        _votes_text(named[node]),
                        str(int(sizes[node])),
                    )
                    for node in order[:num_rows]
                ],
                left=3,
            )
            if len(order) > num_rows:
                text += f'and {len(order) - num_rows} smaller branches\n'
            parts.append(
                f'level {level}: {len(named)} of {len(sizes)} branches have '
                f'votes, {conflicts} of them for several classes\n\n{text}'
            )
        return '\n'.join(parts)

    def _branches(self) -> Iterator[Columns]:
        branches = branch_texts(self.votes, self.class_names)
        same = 'level', 'node', 'name', 'conflict'
        columns = {key: [b[key] for b in branches] for key in same}
        columns['classes'] = [list(b['votes']) for b in branches]
        columns['votes'] = [list(b['votes'].values()) for b in branches]
        yield columns

    def _labels(self) -> Iterator[Columns]:
        names = [*self.class_names, None]
        for start in range(0, len(self.images), _CHUNK):
            part = slice(start, start + _CHUNK)
            label = self.found.label[part].tolist()
            yield dict(
                file=self.images.paths[part],
                label=[names[i] for i in label],
                confidence=rounded(self.found.confidence[part]),
                level=self.found.level[part].tolist(),
            )


def _votes_text(branch: dict) -> str:
    counts = [f'{name} {num}' for name, num in branch['votes'].items()]
    shown = ', '.join(counts[:4])
    shown += ', ...' if len(counts) > 4 else ''
    return f'{shown} (conflict)' if branch['conflict'] else shown
