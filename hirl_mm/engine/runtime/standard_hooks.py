"""Hooks that every run of the tools has, whatever its config inherits."""

from mmengine.config import Config

from hirl_mm.registry import scope_of

from .hook_entries import entries_of

_TRAINING = dict(
    work_folder='WorkFolderHook',
    start_check='StartCheckHook',
    position_seed='PositionSeedHook',
    resume_position='ResumePositionHook',
    throughput='ThroughputHook',
    rank_watch='RankWatchHook',
)
# Registers a PortableCheckpointHook.
_ALWAYS = dict(loaded_weights='LoadedWeightsHook')
_MMPRETRAIN = dict(dataset_check='DatasetCheckHook')
# Classes of the hooks by their names in ``default_hooks``.
STANDARD_HOOKS = _TRAINING | _ALWAYS | _MMPRETRAIN


def add_standard_hooks(cfg: Config, training: bool) -> None:
    """Add the hooks that every run needs and a config does not have.

    Configs of this project have most of them already; those of MMPreTrain
    and MMDetection do not. A hook that a config sets to None stays off.

    Args:
        cfg: Config of a training or a test, changed in place.
        training: Whether the config is used for a training.
    """
    hooks = _ALWAYS | (_TRAINING if training else {})
    if scope_of(cfg) == 'mmpretrain':
        hooks |= _MMPRETRAIN
    cfg.setdefault('default_hooks', {})
    for name, kind in hooks.items():
        if name not in cfg.default_hooks and not entries_of(cfg, kind):
            cfg.default_hooks[name] = dict(type=f'hirl_mm.{kind}')
