"""Configs of benchmarks that train the demo's recipe."""

import uuid
from pathlib import Path

from mmengine.config import Config

FOLDER = Path(__file__).parents[2] / 'configs/demo'
RECIPE = 'mocov2_resnet18_1xb64-20e_digits.py'
NUM_TRAIN = 1500


def demo_config(
    arm: str,
    data: Path,
    work_dir: Path,
    seed: int,
    num_images: int | None = None,
) -> Config:
    """Return the demo's plain recipe, or its recipe with HIRL in a mode.

    Args:
        arm: ``'plain'``, or a mode of the clustering hook.
        data: Folder of images with ``train`` and ``val``.
        work_dir: Folder into which the run writes.
        seed: Seed of the run.
        num_images: Number of training images, taken evenly from all classes,
            which are also the gallery of kNN; None for all 1500.
    """
    name = RECIPE if arm == 'plain' else f'hirl-{RECIPE}'
    cfg = Config.fromfile(FOLDER / name)
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = uuid.uuid4().hex
    cfg.launcher = 'none'
    cfg.log_level = 'ERROR'
    cfg.randomness.seed = seed
    cfg.default_hooks.checkpoint.interval = 10**6
    probe = cfg.default_hooks.knn_probe
    evaluated = (cfg.knn_gallery, cfg.knn_queries)
    probed = (probe.gallery, probe.queries)
    for part in (cfg.train_dataloader.dataset, *evaluated, *probed):
        part.data_root = str(data)
    if num_images:
        indices = [i * NUM_TRAIN // num_images for i in range(num_images)]
        trained = cfg.train_dataloader.dataset
        for part in (trained, cfg.knn_gallery, probe.gallery):
            part.indices = indices
    if arm != 'plain':
        cfg.default_hooks.kmeans.mode = arm
    return cfg
