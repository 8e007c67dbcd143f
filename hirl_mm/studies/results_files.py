from collections.abc import Sequence
from datetime import date
from pathlib import Path

import torch

from hirl_mm.evaluation.arm_results import ArmResults, results_table
from hirl_mm.files import replacing
from hirl_mm.version import __version__
from hirl_mm.visualization.evaluation_plot import draw_results

_NOTE = """
All figures in percent, but the tree distance, which counts levels of the
taxonomy. "paper" is what the HIRL paper reports on ImageNet, which was not
measured here.
"""


def write_comparison(
    folder: Path, stem: str, arms: Sequence[ArmResults]
) -> str:
    """Write a table and a picture of networks side by side.

    Args:
        folder: Where to.
        stem: Name of the files ``stem.md`` and ``stem.png``.
        arms: At most six.

    Returns:
        The table.
    """
    table = results_table(arms)
    made = (
        f'{date.today().isoformat()}, hirl_mm {__version__}, PyTorch '
        f'{torch.__version__}'
    )
    with replacing(folder / f'{stem}.md') as temporary:
        temporary.write_text(f'{table}{_NOTE}\n{made}\n')
    draw_results(arms, folder / f'{stem}.png')
    return table
