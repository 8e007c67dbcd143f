"""The files and tables of a curated subset."""

import os
from collections.abc import Iterator
from pathlib import Path

from hirl_mm.datasets.list_files import write_list
from hirl_mm.hierarchy.image_records import rounded
from hirl_mm.hierarchy.record_files import Columns, write_records
from hirl_mm.structures import EmbeddedImages
from hirl_mm.tables import aligned_table

from .curation import Curated, pair_similarity
from .listed_path import listed_path

LIST = 'subset.txt'
_BRANCHES = dict(
    level='integer',
    node='integer',
    parent='integer',
    images='integer',
    share='number',
    drawn='integer',
    drawn_share='number',
)
_OUTLIERS = dict(file='text', similarity='number', path='integer[]')
_COPIES = dict(file='text', copy_of='text', similarity='number')
_CHUNK = 65536


def write_curated(
    folder: str | os.PathLike,
    images: EmbeddedImages,
    found: Curated,
    shards: str = '',
) -> dict[str, int]:
    """Write the files of a curated subset.

    These are ``subset.txt``, the list of the drawn images, ``branches.jsonl``
    with the share of every branch, ``outliers.jsonl`` and
    ``near_duplicates.jsonl``, each if it was asked for. Files of an earlier
    call are replaced or deleted.

    Args:
        folder: Folder to write in.
        images: Images in their tree.
        found: What was found.
        shards: Folder of the training images if they are in shards.

    Returns:
        Number of images or branches by name of the file.
    """
    folder = Path(folder)
    written = {
        'branches.jsonl': write_records(
            folder / 'branches.jsonl', _BRANCHES, _branches(images, found)
        )
    }
    for name, schema, records, num in (
        ('outliers', _OUTLIERS, _outliers, len(found.outliers)),
        ('near_duplicates', _COPIES, _copies, len(found.copies)),
    ):
        file = folder / f'{name}.jsonl'
        if num:
            batches = records(images, found)
            written[file.name] = write_records(file, schema, batches)
        else:
            file.unlink(missing_ok=True)
    if not len(found.chosen):
        (folder / LIST).unlink(missing_ok=True)
        return written
    names = (images.paths[number] for number in found.chosen.tolist())
    lines = ((listed_path(name, shards), '') for name in names)
    left_out = write_list(folder / LIST, lines)
    return written | {LIST: len(found.chosen) - len(left_out)}


def branch_tables(found: Curated, num_rows: int = 10) -> str:
    """Return a Markdown table of the largest branches of every level.

    Args:
        found: What was found.
        num_rows: Number of branches per level.
    """
    parts = []
    for level, shares in reversed([*enumerate(found.shares)]):
        before, after = shares.evenness()
        rows = [
            (
                f'{level}:{node}',
                str(num),
                f'{100 * share:.1f}%',
                str(drawn),
                f'{100 * drawn_share:.1f}%',
            )
            for node, num, share, drawn, drawn_share in shares.rows()
        ]
        head = 'branch', 'images', 'share', 'drawn', 'share of drawn'
        more = len(rows) - num_rows
        text = aligned_table(head, rows[:num_rows])
        if more > 0:
            text += f'and {more} smaller branches\n'
        drawn = f', {after:.3f} of the drawn ones' if len(found.chosen) else ''
        parts.append(
            f'level {level}: {len(rows)} branches, evenness {before:.3f}'
            f'{drawn} (1: all equal)\n\n{text}'
        )
    return '\n'.join(parts)


def _branches(images: EmbeddedImages, found: Curated) -> Iterator[Columns]:
    for level, shares in enumerate(found.shares):
        node, num, share, drawn, drawn_share = map(
            list, zip(*shares.rows(), strict=True)
        )
        parent = [None] * len(node)
        if level < len(images.tree.parents):
            parent = images.tree.parents[level][node].tolist()
        yield dict(
            level=[level] * len(node),
            node=node,
            parent=parent,
            images=num,
            share=share,
            drawn=drawn,
            drawn_share=drawn_share,
        )


def _outliers(images: EmbeddedImages, found: Curated) -> Iterator[Columns]:
    numbers = found.outliers
    yield dict(
        file=[images.paths[number] for number in numbers.tolist()],
        similarity=rounded(found.similarity),
        path=images.tree.paths(images.leaf[numbers]).tolist(),
    )


def _copies(images: EmbeddedImages, found: Curated) -> Iterator[Columns]:
    for copies, kept in zip(
        found.copies.split(_CHUNK), found.kept.split(_CHUNK), strict=True
    ):
        similarity = pair_similarity(images.rows, copies, kept)
        yield dict(
            file=[images.paths[number] for number in copies.tolist()],
            copy_of=[images.paths[number] for number in kept.tolist()],
            similarity=rounded(similarity),
        )
