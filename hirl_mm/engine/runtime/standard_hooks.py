"""Hooks that every run of the tools has, whatever its config inherits."""

from mmengine.config import Config

from hirl_mm.registry import scope_of

from .hook_entries import entries_of


def add_standard_hooks(cfg: Config) -> None:
    """Add the hooks that check what is read and write what is saved.

    These are the :class:`~hirl_mm.engine.hooks.LoadedWeightsHook`, which
    registers the :class:`~hirl_mm.engine.hooks.PortableCheckpointHook`, and
    for data sets of MMPreTrain the
    :class:`~hirl_mm.engine.hooks.DatasetCheckHook`.

    Args:
        cfg: Config of a training or an evaluation, changed in place.
    """
    hooks = dict(loaded_weights='LoadedWeightsHook')
    if scope_of(cfg) == 'mmpretrain':
        hooks['dataset_check'] = 'DatasetCheckHook'
    cfg.setdefault('default_hooks', {})
    for name, hook in hooks.items():
        if not entries_of(cfg, hook):
            cfg.default_hooks[name] = dict(type=f'hirl_mm.{hook}')
