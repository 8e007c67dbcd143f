"""Hooks that every run of the tools has, whatever its config inherits."""

from mmengine.config import Config

from .hook_entries import entries_of

_NAME = 'LoadedWeightsHook'


def add_standard_hooks(cfg: Config) -> None:
    """Add the hooks that check what is loaded and write what is saved.

    These are the :class:`~hirl_mm.engine.hooks.LoadedWeightsHook` and, which
    it registers, the :class:`~hirl_mm.engine.hooks.PortableCheckpointHook`.
    Runs with other hooks of this package have them without this function.

    Args:
        cfg: Config of a training or an evaluation, changed in place.
    """
    if not entries_of(cfg, _NAME):
        cfg.setdefault('default_hooks', {})
        cfg.default_hooks.loaded_weights = dict(type=f'hirl_mm.{_NAME}')
