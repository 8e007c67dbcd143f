"""Registries, children of MMEngine's. Configs use ``hirl_mm.<Type>``."""

import inspect
from collections.abc import Callable, Mapping

from mmengine import registry as mmengine_registry
from mmengine.config.lazy import LazyAttr, LazyObject
from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
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
from mmengine.registry import Registry, init_default_scope

from .stack import check_stack

check_stack()

DATA_SAMPLERS = Registry(
    'data sampler',
    parent=MMENGINE_DATA_SAMPLERS,
    scope='hirl_mm',
    locations=['hirl_mm.datasets.samplers'],
)
DATASETS = Registry(
    'dataset',
    parent=MMENGINE_DATASETS,
    scope='hirl_mm',
    locations=[
        'hirl_mm.datasets.folder_images',
        'hirl_mm.datasets.held_out_split',
        'hirl_mm.datasets.imagenet_images',
        'hirl_mm.datasets.k_fold_dataset',
        'hirl_mm.datasets.labelled_images',
    ],
)
FUNCTIONS = Registry(
    'function',
    parent=mmengine_registry.FUNCTIONS,
    scope='hirl_mm',
    locations=['hirl_mm.datasets.collate'],
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
OPTIMIZERS = Registry(
    'optimizer',
    parent=mmengine_registry.OPTIMIZERS,
    scope='hirl_mm',
    locations=['hirl_mm.engine.optimizers.larc'],
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
    scope='hirl_mm',
    locations=[
        'hirl_mm.engine.optimizers.grouped_optim_wrapper',
        'hirl_mm.engine.optimizers.layer_decay_optim_wrapper',
        'hirl_mm.engine.optimizers.predictor_rates_optim_wrapper',
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
REGISTRIES = (
    *(DATA_SAMPLERS, DATASETS, FUNCTIONS, HOOKS, MODELS),
    *(OPTIMIZERS, OPTIM_WRAPPER_CONSTRUCTORS, TRANSFORMS),
    WEIGHT_INITIALIZERS,
)
# Nothing of this project is in the others. They are there because MMEngine
# gives the scope ``hirl_mm`` to every dict with a type that a config inherits
# by ``hirl_mm::``, and warns if the scope has no registry of its kind. With a
# location MMEngine does not look for one.
_OTHERS = [
    Registry(
        parent.name,
        parent=parent,
        scope='hirl_mm',
        locations=['hirl_mm.version'],
    )
    for parent in (
        mmengine_registry.EVALUATOR,
        mmengine_registry.LOG_PROCESSORS,
        mmengine_registry.LOOPS,
        mmengine_registry.METRICS,
        mmengine_registry.MODEL_WRAPPERS,
        mmengine_registry.OPTIM_WRAPPERS,
        mmengine_registry.PARAM_SCHEDULERS,
        mmengine_registry.TASK_UTILS,
        mmengine_registry.VISBACKENDS,
        mmengine_registry.VISUALIZERS,
    )
]

_SCOPES = 'mmpretrain', 'mmdet', 'mmseg'


def type_name(kind: str | Callable | LazyObject | LazyAttr | None) -> str:
    """Return the name of a config's ``type`` without package and scope.

    Args:
        kind: A registered name with or without scope; a class or function, as
            in MMEngine's new-style configs; an object that MMEngine imports
            lazily; or None.

    Returns:
        The name, empty for None.

    Example:
        >>> type_name('hirl_mm.HIRLMoCo'), type_name(dict), type_name(None)
        ('HIRLMoCo', 'dict', '')
    """
    if kind is None:
        return ''
    name = getattr(kind, '__name__', None)
    # MMEngine's lazy objects have every attribute, but it is not a string.
    return (name if isinstance(name, str) else str(kind)).rsplit('.', 1)[-1]


def scope_of(cfg: Mapping) -> str:
    """Return the OpenMMLab package whose registries build a config.

    Args:
        cfg: A training config.

    Returns:
        The config's ``default_scope``. If it has none, as MMEngine's
        new-style configs: the package of the model's class or of its nearest
        base class in ``'mmpretrain'``, ``'mmdet'`` or ``'mmseg'``, otherwise
        ``'mmpretrain'``.
    """
    if cfg.get('default_scope'):
        return cfg['default_scope']
    kind = (cfg.get('model') or {}).get('type')
    for base in inspect.getmro(kind) if inspect.isclass(kind) else ():
        package = base.__module__.split('.')[0]
        if package in _SCOPES:
            return package
    return _SCOPES[0]


def enter_scope(cfg: Mapping) -> None:
    """Make MMEngine look up registered names in the scope of a config.

    Args:
        cfg: A training config.
    """
    init_default_scope(scope_of(cfg))
