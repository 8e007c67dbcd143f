from collections.abc import Callable
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DATASETS, FUNCTIONS
from torch.utils.data import Dataset

from hirl_mm.engine.runtime.device_views import place_views


def placed_views(
    cfg: Config, root: Path, place: str
) -> tuple[Dataset, Callable]:
    """Return the images of a folder as a training reads them.

    Args:
        cfg: Training config, changed in place.
        root: Folder of images.
        place: Where the views are made: ``'cpu'`` or ``'device'``.

    Returns:
        The data set, and the function that joins a batch of its samples.
    """
    cfg.views = place
    place_views(cfg)
    loader = cfg.train_dataloader
    samples = DATASETS.build(
        dict(
            type='mmpretrain.CustomDataset',
            data_root=str(root),
            with_label=False,
            pipeline=loader.dataset.pipeline,
        )
    )
    return samples, FUNCTIONS.get(loader.collate_fn.type)
