"""What comes after a training: an exported backbone, and commands."""

import shlex
from collections.abc import Callable
from pathlib import Path

from hirl_mm.checkpoints.export import Exported, export_backbone


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


def next_commands(
    run: Path, tool_command: Callable[[str], list[str]]
) -> list[str]:
    """Return the commands that come after a training.

    Args:
        run: Work folder of the training.
        tool_command: Function from the name of a tool to the words that
            start it.
    """
    ends = dict(
        assign='IMAGE...', curate='--num 100', label_branches='LABELS.csv'
    )
    return [
        f'{shlex.join([*tool_command(name), str(run)])} {end}'
        for name, end in ends.items()
    ]
