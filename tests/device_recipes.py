"""Recipes whose views can be made on the device, small enough for a CPU."""

from mmengine.config import Config

from tests.runs import ROOT, small_config

RECIPES = {
    'MoCo v2': 'hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py',
    'SimSiam': 'hirl/hirl-simsiam_resnet50_16xb32-coslr-200e_in1k.py',
    'SwAV': 'hirl/hirl-swav_resnet50_32xb128-mcrop-coslr-200e_in1k.py',
    'MoCo v3': 'hirl/hirl-mocov3_vit-base-p16_128xb32-amp-coslr-400e_in1k.py',
    'DINO': 'hirl/hirl-dino_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py',
    'iBOT': 'hirl/hirl-ibot_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py',
    'HCCL': 'hirl/hirl-hccl_resnet50_8xb64-amp-coslr-200e_in1k.py',
    'CsMl': 'hirl/hirl-csml_resnet50_32xb64-coslr-200e_in1k.py',
    'CsMl, multi-crop': ('csml/csml_resnet50_32xb64-mcrop-coslr-200e_in1k.py'),
    'SS-PRL': 'ssprl/ssprl_resnet50_4xb64-mcrop-amp-coslr-100e_in1k.py',
    'BEiT': 'hirl/hirl-beit_beit-base-p16_32xb64-amp-coslr-400e_in1k.py',
}


def recipe(method):
    """Config of a method on ImageNet."""
    return Config.fromfile(ROOT / 'configs' / RECIPES[method])


def moco_on_digits(digits, work_dir, views='device', **options):
    """A short MoCo v2 on digits with its own views, of 32 pixels.

    Args:
        digits: The data folder.
        work_dir: Where the run writes.
        views: Where they are made.
        **options: Of :func:`tests.runs.small_config`.
    """
    cfg = small_config(digits, work_dir, **options)
    pipeline = recipe('MoCo v2').train_dataloader.dataset.pipeline
    pipeline[1].transforms[0][0].scale = 32
    cfg.train_dataloader.dataset.pipeline = pipeline
    cfg.views = views
    return cfg
