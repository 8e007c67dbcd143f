"""What comes after a training: an exported backbone, pages, and commands."""

import shlex
from collections.abc import Callable
from pathlib import Path

from hirl_mm.checkpoints.export import Exported, export_backbone
from hirl_mm.pages import TreePage
from hirl_mm.studies.run_report import write_run_report
from hirl_mm.studies.shown_trees import shown_run


def export_trained(checkpoint: Path, out: Path) -> tuple[Path, Exported]:
    """Export the backbone of a checkpoint for other libraries.

    ResNets and vision transformers go to a folder for Hugging Face's
    ``transformers``, BEiT to a file for timm.

    Args:
        checkpoint: Checkpoint of the training.
        out: Work folder; the export goes beside the checkpoints.

    Returns:
        The file or folder that was written, and its summary.

    Raises:
        ValueError: If the package safetensors is missing, or neither library
            has such a network.
    """
    places = [('huggingface', 'backbone'), ('timm', 'backbone.safetensors')]
    for to, name in places:
        try:
            return out / name, export_backbone(checkpoint, to, out / name)
        except ValueError as error:
            if to == places[-1][0] or 'safetensors' in str(error):
                raise
    raise AssertionError('unreachable')


def write_pages(
    run: Path, num_workers: int, log: Callable[[str], None]
) -> tuple[Path, Path]:
    """Write the page of the tree and the report of a finished run.

    Args:
        run: Work folder of the training.
        num_workers: Number of worker processes that read images.
        log: Function that writes a line of text.

    Returns:
        The files to open.

    Raises:
        ValueError: If the run has no tree.
    """
    shown = shown_run(run, num_workers=num_workers)
    TreePage(shown, title=f'Tree of {shown.name}').write(run / 'tree', log)
    report = run / 'report.html'
    write_run_report([run], report)
    return run / 'tree/index.html', report


def next_commands(run: Path, tool: str) -> list[str]:
    """Return the commands that come after a training.

    Args:
        run: Work folder of the training.
        tool: How a tool is started, with ``{}`` for its name.
    """
    folder = shlex.quote(str(run))
    return [
        f'{tool.format("assign")} {folder} IMAGE...',
        f'{tool.format("curate")} {folder} --num 100',
        f'{tool.format("label_branches")} {folder} LABELS.csv',
    ]
