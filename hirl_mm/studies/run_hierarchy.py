from pathlib import Path

from mmengine.config import Config

from hirl_mm.engine.evaluation.trained_hierarchy import TrainedHierarchy

from .run_folder import RunFolder

# Folder in that of a run for embeddings and what is made of them.
FOLDER = 'hierarchy'


def open_hierarchy(
    run: str | Path, checkpoint: str | None = None, trust: bool = False
) -> TrainedHierarchy:
    """Open the tree of a run of ``tools/train.py``.

    Args:
        run: Work folder of a training with HIRL.
        checkpoint: A checkpoint of it; None for the last one.
        trust: Whether the checkpoint may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Returns:
        The tree and its model; embeddings are kept in ``RUN/hierarchy``.

    Raises:
        FileNotFoundError: If the folder holds no run.
        ValueError: If the run is none of HIRL, or has no tree yet.
    """
    folder = RunFolder(run)
    return TrainedHierarchy(
        Config.fromfile(folder.config_file()),
        checkpoint or folder.last_checkpoint(),
        Path(run, FOLDER),
        trust,
    )
