"""Which checkpoints of a config may hold more than tensors."""

from collections.abc import Iterator

from mmengine.config import Config

from hirl_mm.registry import type_name

HOOK = dict(type='hirl_mm.TrustCheckpointHook')


def pass_trust_on(cfg: Config) -> None:
    """Apply ``trust_checkpoint = True`` of a config to all its parts.

    Every ``init_cfg`` with hirl_mm's initializer gets ``trust=True``. A hook
    is added that lets MMEngine load files that hold more than tensors. A
    config without ``trust_checkpoint = True`` is not changed.

    Args:
        cfg: Config of a training or an evaluation, changed in place.
    """
    if not cfg.get('trust_checkpoint', False):
        return
    cfg.setdefault('default_hooks', {})
    cfg.default_hooks.trust_checkpoint = dict(HOOK)
    for init_cfg in pretrained_init_cfgs(cfg.get('model')):
        if is_strict(init_cfg):
            init_cfg['trust'] = True


def pretrained_init_cfgs(part: object) -> Iterator[dict]:
    """Find every ``init_cfg`` in a config that loads a checkpoint.

    Args:
        part: Any part of a config, such as its ``model``.

    Yields:
        The dictionaries themselves, not copies, outer ones first.
    """
    if isinstance(part, dict):
        if type_name(part.get('type')) in ('Pretrained', 'StrictPretrained'):
            yield part
        part = part.values()
    elif not isinstance(part, (list, tuple)):
        return
    for value in part:
        yield from pretrained_init_cfgs(value)


def is_strict(init_cfg: dict) -> bool:
    """Whether the initializer is hirl_mm's, which loads strictly."""
    if init_cfg.get('_scope_') == 'hirl_mm':
        return True
    kind = init_cfg['type']
    return kind == 'hirl_mm.Pretrained' or (
        type_name(init_cfg['type']) == 'StrictPretrained'
    )
