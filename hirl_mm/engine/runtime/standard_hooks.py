"""Hooks that every run of the tools has, whatever its config inherits."""

from mmengine.config import Config
from mmengine.hooks import CheckpointHook

from hirl_mm.registry import HOOKS, scope_of

from .hook_entries import entries_of

_TRAINING = dict(
    work_folder='WorkFolderHook',
    start_check='StartCheckHook',
    position_seed='PositionSeedHook',
    resume_position='ResumePositionHook',
    accumulated_gradients='AccumulatedGradientsHook',
    throughput='ThroughputHook',
    stop_signal='StopSignalHook',
    bad_batch='BadBatchHook',
    dead_prototypes='DeadPrototypesHook',
    rank_watch='RankWatchHook',
    training_images='TrainingImagesHook',
)
# Registers a PortableCheckpointHook.
_ALWAYS = dict(loaded_weights='LoadedWeightsHook')
_MMPRETRAIN = dict(dataset_check='DatasetCheckHook')
# Classes of the hooks by their names in ``default_hooks``.
STANDARD_HOOKS = _TRAINING | _ALWAYS | _MMPRETRAIN
STANDARD_HOOKS['checkpoint'] = 'DurableCheckpointHook'


def add_standard_hooks(cfg: Config, training: bool) -> None:
    """Add the hooks that every run needs and a config does not have.

    Configs of this project have most of them already; those of MMPreTrain
    and MMDetection do not. A hook that a config sets to None stays off. In a
    training MMEngine's CheckpointHook becomes a DurableCheckpointHook, with
    the same arguments.

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
    if training:
        _save_durably(cfg)


def _save_durably(cfg: Config) -> None:
    # MMEngine adds this hook to a config that has none of this name.
    cfg.default_hooks.setdefault(
        'checkpoint', dict(type='CheckpointHook', interval=1)
    )
    for entry in entries_of(cfg, 'CheckpointHook'):
        if isinstance(entry, dict) and _is_of_mmengine(entry['type']):
            entry['type'] = 'hirl_mm.DurableCheckpointHook'


def _is_of_mmengine(kind: str | type) -> bool:
    """Whether a type named CheckpointHook is not a project's own."""
    found = HOOKS.get(kind) if isinstance(kind, str) else kind
    return found is CheckpointHook
