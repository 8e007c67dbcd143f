"""Report on the nearest neighbours that a run has stored."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hirl_mm.engine.runtime.run_files import (
    NEIGHBORS_FOLDER,
    epoch_files,
    epoch_of,
)
from hirl_mm.evaluation.functional import kept_share, same_class_share
from hirl_mm.structures import NeighborTable
from hirl_mm.tables import aligned_table
from hirl_mm.visualization import draw_neighbor_sheet

from .report import report_facts, write_report

_NOTE = (
    'Shares of the neighbours of all images, in percent: those that the table '
    'before had too, and those of the class of their image.\n'
)


def neighbor_tables(run: str | os.PathLike) -> dict[int, NeighborTable]:
    """Read the tables of neighbours in the work folder of a run.

    Args:
        run: Folder with files ``neighbors/epoch_*.pth``.

    Returns:
        Tables by epoch, ascending; epochs are counted from 1.

    Raises:
        ValueError: If there is no table, or tables are of different images.
    """
    files = epoch_files(Path(run), NEIGHBORS_FOLDER)
    if not files:
        raise ValueError(
            f'{run} holds no table of neighbours '
            f'({NEIGHBORS_FOLDER}/epoch_*.pth): give the work folder of a run '
            'that has searched neighbours'
        )
    tables = {epoch_of(file): NeighborTable.load(file) for file in files}
    kinds = {(table.num_images, table.data) for table in tables.values()}
    if len(kinds) > 1:
        raise ValueError(
            f'the tables in {Path(run, NEIGHBORS_FOLDER)} are of different '
            'images: delete those of an earlier run'
        )
    return tables


def neighbor_shares(
    tables: Mapping[int, NeighborTable], labels: Sequence[int] | None
) -> dict[int, dict[str, float | None]]:
    """Compare tables with the one before and with the classes.

    Args:
        tables: Tables by epoch, ascending.
        labels: (N,) class of every image; None if unknown.

    Returns:
        By epoch: ``kept``, the share of neighbours that the table before had,
        None for the first; and ``same_class``, None without labels.
    """
    found, before = {}, None
    classes = None if labels is None else torch.as_tensor(labels)
    for epoch, table in tables.items():
        now = table.neighbors
        found[epoch] = dict(
            kept=None if before is None else kept_share(before, now),
            same_class=(
                None if classes is None else same_class_share(now, classes)
            ),
        )
        before = now
    return found


def write_neighbor_report(
    file: str | os.PathLike,
    tables: Mapping[int, NeighborTable],
    shown: Sequence[int],
    *,
    images: Any,
    labels: Sequence[int] | None = None,
    class_names: Sequence[str] | None = None,
    max_epochs: int = 8,
    max_neighbors: int = 10,
    mix_share: float = 0.7,
    picture: str = '.png',
    **facts: Any,
) -> str:
    """Write the report as Markdown, JSON and a picture.

    Args:
        file: Markdown file to write, see
            :func:`~hirl_mm.studies.report.write_report`.
        tables: Tables by epoch, ascending.
        shown: Sample indices of the images to show.
        images: Paths of the images, or a function from the index of an image
            to the image.
        labels: (N,) class of every image; None if unknown.
        class_names: Names of the classes; None for their numbers.
        max_epochs: Largest number of epochs in the picture; of more, some are
            left out at equal distances.
        max_neighbors: Largest number of neighbours in the picture.
        mix_share: Share of the image in its mix with its first neighbour.
        picture: Suffix of the picture; it chooses the format.
        **facts: Facts about the measurement, such as the folder of the run.

    Returns:
        The table of the report.

    Raises:
        ValueError: If an image to show does not exist or cannot be read.
    """
    num = next(iter(tables.values())).num_images
    outside = [i for i in shown if not 0 <= i < num]
    if outside:
        raise ValueError(
            f'the images must be numbers from 0 to {num - 1}, got {outside}'
        )
    facts = report_facts(**facts, num_images=num)
    shares = neighbor_shares(tables, labels)
    rows = [
        (str(epoch), _percent(found['kept']), _percent(found['same_class']))
        for epoch, found in shares.items()
    ]
    table = aligned_table(('epoch', 'kept', 'same class'), rows)
    content = dict(
        facts=facts,
        shares=shares,
        neighbors={
            i: {e: t.neighbors[i].tolist() for e, t in tables.items()}
            for i in shown
        },
    )
    some = np.linspace(0, len(tables) - 1, min(max_epochs, len(tables)))
    epochs = np.array(list(tables))[some.round().astype(int)].tolist()
    most = min(max_neighbors, *(t.k for t in tables.values()))
    write_report(
        file,
        table=table,
        note=_NOTE,
        facts=facts,
        content=content,
        draw=partial(
            draw_neighbor_sheet,
            {e: tables[e].neighbors[:, :most].numpy() for e in epochs},
            shown,
            images=images,
            labels=labels,
            class_names=class_names,
            curves=_curves(shares),
            mix_share=mix_share,
        ),
        picture=picture,
    )
    return table


def _curves(shares: Mapping[int, Mapping]) -> dict[str, dict[int, float]]:
    names = dict(kept='kept since the table before', same_class='same class')
    return {
        name: {
            epoch: 100 * found[key]
            for epoch, found in shares.items()
            if found[key] is not None
        }
        for key, name in names.items()
    }


def _percent(share: float | None) -> str:
    return '-' if share is None else f'{100 * share:.1f}'
