from mmengine.config import Config

from hirl_mm.engine.runtime.hook_entries import entries_of
from hirl_mm.registry import scope_of

_NAME = 'DatasetCheckHook'


def add_dataset_check(cfg: Config) -> None:
    """Add the hook that checks the data sets of MMPreTrain, if it is missing.

    Args:
        cfg: Config of a training or a test, changed in place.
    """
    if scope_of(cfg) == 'mmpretrain' and not entries_of(cfg, _NAME):
        cfg.setdefault('default_hooks', {})
        cfg.default_hooks.dataset_check = dict(type=f'hirl_mm.{_NAME}')
