"""Report on the prototypes of a trained model."""

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

from hirl_mm.datasets.distinct_images import DistinctImages
from hirl_mm.engine.features.class_shares import ClassShares
from hirl_mm.engine.features.prototype_pass import FoundPrototypes
from hirl_mm.tables import aligned_table
from hirl_mm.visualization import draw_prototype_sheet
from hirl_mm.visualization.prototype_sheet import (
    PrototypeRow,
    PrototypeSection,
)

from .report import report_facts, write_report

_NOTE = (
    'Rows of a prototype are, for a scale, the patches that are nearest to '
    'it, and for a level of a tree, the images of its branch. '
    'Classes are those of the whole images shown: those that at least half of '
    'them have, or the most frequent one.\n'
)
_FRAMES = (
    'What is nearest to a prototype by cosine similarity, the nearest first. '
    'Blue frame: it belongs to this prototype; pale frame: to another one.'
)
_MAX_CLASSES = 5


def write_prototype_report(
    file: str | os.PathLike,
    found: Sequence[FoundPrototypes],
    images: DistinctImages,
    *,
    title: str,
    picture: str = '.png',
    **facts: Any,
) -> str:
    """Write prototypes and what is nearest to them, as text and picture.

    Args:
        file: Markdown file to write, see
            :func:`~hirl_mm.studies.report.write_report`.
        found: The prototypes of every scale or level.
        images: The images that were compared with them.
        title: First line of the picture.
        picture: Suffix of the picture; it chooses the format.
        **facts: Facts about the measurement, such as the folder of the run.

    Returns:
        The table of the report.
    """
    shares = ClassShares(images)
    content, sections, rows = {}, [], []
    for one in found:
        described = [
            _described(one, place, images, shares)
            for place in range(len(one.chosen))
        ]
        content[one.of.name] = dict(
            num_prototypes=len(one.of.vectors),
            used=int((one.counts > 0).sum()),
            rows=int(one.counts.sum()),
            prototypes=described,
        )
        sections.append(_section(one, described))
        rows += [
            (
                one.of.name,
                str(of_prototype['prototype']),
                str(of_prototype['rows']),
                f'{100 * of_prototype["share"]:.1f}',
                _named(of_prototype) or '-',
            )
            for of_prototype in described
        ]
    head = 'scale or level', 'prototype', 'rows', '%', 'classes'
    table = aligned_table(head, rows)
    facts = report_facts(**facts, num_images=len(images))
    write_report(
        file,
        table=table,
        note=_NOTE,
        facts=facts,
        content=dict(facts=facts, prototypes=content),
        draw=partial(
            draw_prototype_sheet, sections, title=title, note=_FRAMES
        ),
        picture=picture,
    )
    return table


def _described(
    one: FoundPrototypes,
    place: int,
    images: DistinctImages,
    shares: ClassShares,
) -> dict:
    """Return what the report says about the prototype at a place."""
    number = one.chosen[place]
    samples = one.nearest.sample_idx[place].tolist()
    nearest = [
        dict(
            image=images.name(sample),
            sample_idx=sample,
            similarity=similarity,
            belongs=belongs,
        )
        for sample, similarity, belongs in zip(
            samples,
            one.nearest.similarity[place].tolist(),
            one.is_member[place].tolist(),
            strict=True,
        )
    ]
    return dict(
        prototype=number,
        rows=int(one.counts[number]),
        share=float(one.counts[number] / one.counts.sum()),
        classes=[c._asdict() for c in shares.among(samples)[:_MAX_CLASSES]],
        nearest=[
            near if box is None else near | dict(box=box)
            for near, box in zip(nearest, _boxes(one, place), strict=True)
        ],
    )


def _boxes(one: FoundPrototypes, place: int) -> list[list[float] | None]:
    """Return where the nearest patches are in their images, in pixels."""
    parts, views = one.nearest.part[place].tolist(), one.views[place]
    if one.of.scale is None:
        return [None for _ in views]
    return [
        one.of.scale.central_boxes(*view.size)[part].round(1).tolist()
        for part, view in zip(parts, views, strict=True)
    ]


def _section(
    one: FoundPrototypes, described: Sequence[dict]
) -> PrototypeSection:
    """Return the prototypes of a scale or level as the picture shows them."""
    scale, used = one.of.scale, int((one.counts > 0).sum())
    kind = 'images'
    title = one.of.name.capitalize()
    if scale is not None:
        kind = 'patches' if scale.num_patches > 1 else 'images'
        grid = f'{scale.grid} × {scale.grid} patches'
        title += ': ' + ('whole images' if scale.num_patches == 1 else grid)
    note = (
        f'{len(one.of.vectors):,} prototypes, {used:,} of them in use; '
        f'{int(one.counts.sum()):,} {kind}'
    )
    rows = [
        PrototypeRow(
            str(of_prototype['prototype']),
            ' · '.join(
                filter(
                    None,
                    (
                        _counted(of_prototype['rows'], kind)
                        + f' ({100 * of_prototype["share"]:.1f} %)',
                        _named(of_prototype),
                    ),
                )
            ),
            [view.picture for view in one.views[place]],
            one.is_member[place].tolist(),
        )
        for place, of_prototype in enumerate(described)
    ]
    return PrototypeSection(title, note, rows)


def _counted(num: int, kind: str) -> str:
    """Return a number with the word for what it counts.

    Example:
        >>> _counted(1, 'patches'), _counted(2, 'images')
        ('1 patch', '2 images')
    """
    singular = dict(patches='patch', images='image')[kind]
    return f'{num:,} {singular if num == 1 else kind}'


def _named(described: dict) -> str:
    """Return the classes of at least half of the nearest images, or the first.

    Example:
        >>> classes = [dict(name='cat', num=2), dict(name='dog', num=1)]
        >>> _named(dict(classes=classes, nearest=[0, 1]))
        'class cat in 2, class dog in 1 of 2 images'
    """
    classes, num = described['classes'], len(described['nearest'])
    many = [one for one in classes if 2 * one['num'] >= num][:2] or classes[:1]
    named = ', '.join(f'class {one["name"]} in {one["num"]}' for one in many)
    return f'{named} of {num} images' if named else ''
