"""Configs of the demo for runs of a benchmark."""

import uuid
from pathlib import Path

from mmengine.config import Config

FOLDER = Path(__file__).parents[1] / 'configs/demo'
RECIPE = 'mocov2_resnet18_1xb64-20e_digits.py'


def demo_config(arm: str, data: Path, work_dir: Path, seed: int) -> Config:
    """The demo's plain recipe, or HIRL in a mode.

    Args:
        arm: ``'plain'``, or a mode of the clustering hook.
        data: Folder with ``train`` and ``val``.
        work_dir: Of the run.
        seed: Of the run.
    """
    name = RECIPE if arm == 'plain' else f'hirl-{RECIPE}'
    cfg = Config.fromfile(FOLDER / name)
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = uuid.uuid4().hex
    cfg.launcher = 'none'
    cfg.log_level = 'ERROR'
    cfg.randomness.seed = seed
    cfg.default_hooks.checkpoint.interval = 10**6
    for part in (cfg.train_dataloader.dataset, cfg.knn_bank, cfg.knn_queries):
        part.data_root = str(data)
    if arm != 'plain':
        cfg.default_hooks.kmeans.mode = arm
    for part in ('bank', 'queries'):
        cfg.default_hooks.knn_probe[part].data_root = str(data)
    return cfg
