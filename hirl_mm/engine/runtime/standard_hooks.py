"""Hooks that every run of the tools has, whatever its config inherits."""

from mmengine.config import Config

from .hook_entries import entries_of

_NAME = 'PortableCheckpointHook'


def add_standard_hooks(cfg: Config) -> None:
    """Add the :class:`~hirl_mm.engine.hooks.PortableCheckpointHook`.

    Runs with other hooks of this package have them without this function.

    Args:
        cfg: Config of a training or an evaluation, changed in place.
    """
    if not entries_of(cfg, _NAME):
        cfg.setdefault('default_hooks', {})
        cfg.default_hooks.portable_checkpoint = dict(type=f'hirl_mm.{_NAME}')
