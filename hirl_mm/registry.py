"""Registries, children of MMEngine's: parts are named ``hirl_mm.<Type>``."""

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import (
    OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
)
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import (
    WEIGHT_INITIALIZERS as MMENGINE_WEIGHT_INITIALIZERS,
)
from mmengine.registry import Registry

from .stack import check_stack

check_stack()

DATASETS = Registry(
    'dataset',
    parent=MMENGINE_DATASETS,
    scope='hirl_mm',
    locations=[
        'hirl_mm.datasets.held_out_split',
        'hirl_mm.datasets.labelled_images',
    ],
)
HOOKS = Registry(
    'hook',
    parent=MMENGINE_HOOKS,
    scope='hirl_mm',
    locations=['hirl_mm.engine.hooks'],
)
MODELS = Registry(
    'model',
    parent=MMENGINE_MODELS,
    scope='hirl_mm',
    locations=['hirl_mm.models'],
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
    scope='hirl_mm',
    locations=[
        'hirl_mm.engine.optimizers.grouped_optim_wrapper',
        'hirl_mm.engine.optimizers.layer_decay_optim_wrapper',
    ],
)
TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    scope='hirl_mm',
    locations=['hirl_mm.datasets.transforms'],
)
WEIGHT_INITIALIZERS = Registry(
    'weight initializer',
    parent=MMENGINE_WEIGHT_INITIALIZERS,
    scope='hirl_mm',
    locations=['hirl_mm.checkpoints.initializer'],
)
