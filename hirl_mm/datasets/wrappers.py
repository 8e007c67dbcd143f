"""Data sets that draw their samples from other data sets."""

from collections.abc import Mapping

from mmengine.dataset import (
    BaseDataset,
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)
from mmengine.registry import DefaultScope
from mmpretrain.datasets import KFoldDataset
from mmpretrain.registry import DATASETS
from torch.utils.data import Dataset

from hirl_mm.registry import type_name

_OF_ONE = RepeatDataset, ClassBalancedDataset, KFoldDataset
_NAMES = {cls.__name__ for cls in (ConcatDataset, *_OF_ONE)}
# Built as our class of the same name, which says why.
_OURS = ('KFoldDataset',)
# MMPreTrain reads the test images of these only if test_mode is set, too.
_BY_MODE = 'MNIST', 'FashionMNIST'
# Scopes whose registries do not hold the data sets of MMPreTrain.
_WITHOUT_DATA_SETS = 'mmengine', 'hirl_mm'


def leaves_of(dataset: Dataset) -> list[BaseDataset]:
    """Return the data sets that a data set draws its samples from.

    Args:
        dataset: A data set with annotations of its own, or any nesting of
            MMEngine's ConcatDataset, RepeatDataset and ClassBalancedDataset
            and MMPreTrain's KFoldDataset.

    Returns:
        The data sets with annotations, each once, in the order in which the
        samples of the nesting reach them first.

    Raises:
        ValueError: If samples come from a data set that is not derived from
            MMEngine's BaseDataset.
    """
    found = unwrapped(dataset)
    for leaf in found:
        if not hasattr(leaf, 'get_data_info'):
            raise ValueError(
                f'a {type(leaf).__name__} does not say which images it reads: '
                "use a data set that is derived from MMEngine's BaseDataset, "
                'such as CustomDataset, or a ConcatDataset, RepeatDataset, '
                'ClassBalancedDataset or KFoldDataset of such data sets'
            )
    return found


def unwrapped(dataset: Dataset) -> list[Dataset]:
    """Return the data sets inside of a nesting, of any class.

    Args:
        dataset: See :func:`leaves_of`; other data sets count as having
            nothing inside.
    """
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    if isinstance(dataset, ConcatDataset):
        found = [leaf for part in dataset.datasets for leaf in unwrapped(part)]
    elif isinstance(dataset, _OF_ONE):
        found = unwrapped(dataset.dataset)
    else:
        found = [dataset]
    return list({id(leaf): leaf for leaf in found}.values())


def build_dataset(cfg: Mapping) -> Dataset:
    """Build a data set outside of a Runner, whatever scope is entered.

    MMEngine owns the data sets that wrap others, and builds what they wrap in
    the scope that is entered. Here a wrapper is found with the name of any
    package before it, and its parts are found without one. MNIST with
    ``split='test'`` has the test images; a Runner needs ``test_mode=True``
    for them. Folds are those of ``hirl_mm.KFoldDataset``.

    Args:
        cfg: Config of a data set, with nested configs if it wraps others.
    """
    scope = DefaultScope.get_current_instance()
    name = scope.scope_name if scope is not None else ''
    if not name or name in _WITHOUT_DATA_SETS:
        name = 'mmpretrain'
    with DefaultScope.overwrite_default_scope(name):
        return DATASETS.build(_completed(cfg))


def pipelines_of(cfg: Mapping) -> list:
    """Return the pipeline in the config of a data set.

    Args:
        cfg: Config of a data set.

    Returns:
        The pipeline; of a data set that wraps others, that of the wrapped
        one, or a list of those of its parts.
    """
    if 'datasets' in cfg:
        return [pipelines_of(part) for part in cfg['datasets']]
    if 'dataset' in cfg:
        return pipelines_of(cfg['dataset'])
    return cfg.get('pipeline', [])


def _completed(cfg: Mapping) -> dict:
    """Return a config that MMEngine can build, and to the right images."""
    cfg = dict(cfg)
    name = type_name(cfg.get('type'))
    if isinstance(cfg.get('type'), str) and name in _NAMES:
        cfg['type'] = 'hirl_mm.' * (name in _OURS) + name
    if name in _BY_MODE and cfg.get('split') == 'test':
        cfg.setdefault('test_mode', True)
    if 'datasets' in cfg:
        cfg['datasets'] = [
            _completed(part) if isinstance(part, Mapping) else part
            for part in cfg['datasets']
        ]
    if isinstance(cfg.get('dataset'), Mapping):
        cfg['dataset'] = _completed(cfg['dataset'])
    return cfg
