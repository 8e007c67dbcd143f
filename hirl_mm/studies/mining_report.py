"""Report of the labels that were mined for a fine-tuning."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from hirl_mm.evaluation.functional import PseudoLabels
from hirl_mm.tables import aligned_table
from hirl_mm.visualization.entropy_plot import draw_entropies

from .report import report_facts, write_report

SUFFIXES = '.md', '.json', '.png'
_BINS = 100
_NOTE = """\
Images of every class with a true label, images that the classifier takes for
this class, and those of them that are kept, since the entropy of the
prediction is at most max_entropy, in nats.
"""


def write_mining_report(
    file: Path,
    labels: Sequence[int],
    found: PseudoLabels,
    num_classes: int,
    max_entropy: float,
    **facts: Any,
) -> str:
    """Write a report as Markdown, JSON and a picture.

    Args:
        file: File that gives the reports their name: their suffixes replace
            its own.
        labels: True label of every labelled image.
        found: Predictions of the unlabelled images, on the CPU.
        num_classes: Number of classes.
        max_entropy: Largest entropy in nats of an image that is kept.
        **facts: Facts about the measurement, such as the checkpoint.

    Returns:
        A summary of a few lines for people.
    """
    labelled, predicted, kept = (
        torch.bincount(torch.as_tensor(of), minlength=num_classes).tolist()
        for of in (labels, found.labels, found.labels[found.kept])
    )
    num, num_kept = len(found.kept), sum(kept)
    facts = report_facts(**facts, max_entropy=max_entropy)
    columns = labelled, predicted, kept
    write_report(
        file,
        table=aligned_table(
            ('class', 'labelled', 'predicted', 'kept'),
            [
                ('all', *(str(sum(column)) for column in columns)),
                *(
                    (str(label), *map(str, row))
                    for label, row in enumerate(zip(*columns, strict=True))
                ),
            ],
        ),
        note=_NOTE,
        facts=facts,
        content=dict(
            facts=facts,
            classes=dict(labelled=labelled, predicted=predicted, kept=kept),
            entropy=_histogram(found),
        ),
        draw=partial(
            draw_entropies, found.entropy, max_entropy, labelled, kept
        ),
    )
    missed = kept.count(0)
    return (
        f'{num_kept} of {num} unlabelled images are kept '
        f'({100 * num_kept / num:.1f} %), {min(kept)} to {max(kept)} per '
        f'class{f"; {missed} classes have none" if missed else ""}\n'
    )


def _histogram(found: PseudoLabels) -> dict[str, list]:
    """Number of images by entropy: edges of the bins in nats, and counts."""
    most = max(float(found.entropy.max()), 1e-6)
    counts, edges = found.entropy.double().histogram(_BINS, range=(0, most))
    return dict(edges=edges.tolist(), counts=counts.long().tolist())
