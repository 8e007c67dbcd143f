import os
from pathlib import Path

from hirl_mm.engine.evaluation.trained_hierarchy import TrainedHierarchy
from hirl_mm.engine.runtime.found_config import read_found_config

from .run_folder import RunFolder

# Folder in that of a run for embeddings and what is made of them.
FOLDER = 'hierarchy'


def open_hierarchy(
    run: str | os.PathLike,
    checkpoint: str | None = None,
    trust: bool = False,
) -> TrainedHierarchy:
    """Open the tree of a run of ``tools/train.py``.

    Args:
        run: Work folder of a training with HIRL.
        checkpoint: A checkpoint of it; None for the last one.
        trust: Whether the checkpoint and the config of the run may run code,
            see :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Returns:
        The tree and its model; embeddings are kept in ``RUN/hierarchy``.

    Raises:
        FileNotFoundError: If the folder holds no run.
        ValueError: If the run is none of HIRL, or has no tree yet; or a file
            needs ``trust``.
    """
    folder = RunFolder(run)
    return TrainedHierarchy(
        read_found_config(folder.config_file(), trust),
        checkpoint or folder.last_checkpoint(),
        Path(run, FOLDER),
        trust,
    )
