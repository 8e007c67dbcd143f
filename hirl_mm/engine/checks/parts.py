"""Checks that a config has what every run needs, before it is used."""

import difflib
import math
from collections.abc import Mapping
from numbers import Real
from types import NoneType

from mmengine.config import Config
from mmengine.hooks import Hook

from hirl_mm.engine.runtime.config_file import ConfigError
from hirl_mm.engine.runtime.named_classes import class_of, names_of

_TRAINING = 'model', 'train_dataloader', 'train_cfg', 'optim_wrapper'
_GROUPS = 'env_cfg', 'randomness'
_LOG_LEVELS = 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'
_OF_SCHEDULES = 'begin', 'end', 'T_max', 'eta_min', 'start_factor', 'gamma'
_RATES = 'lr', 'weight_decay', 'momentum', 'eps'
_COUNTS = 'max_epochs', 'max_iters', 'val_interval', 'val_begin'


def check_parts(cfg: Config, *, training: bool) -> None:
    """Check the parts of a config that MMEngine takes for granted.

    Args:
        cfg: A config whose options are merged.
        training: Whether the run trains; a test needs a model alone.

    Raises:
        ConfigError: If a part is missing or no dict, or a rate, a length, an
            interval, a schedule or the seed is no number.
    """
    _check_hooks(cfg)
    for name in _GROUPS:
        if name in cfg:
            _check_dict(cfg, name)
    if cfg.get('log_level', 'INFO') not in _LOG_LEVELS:
        raise ConfigError(
            f'log_level must be one of {", ".join(_LOG_LEVELS)}, got '
            f'{cfg.log_level!r}'
        )
    for name in _TRAINING if training else _TRAINING[:1]:
        _check_dict(cfg, name)
    _check_type('model', cfg.model)
    if not training:
        return
    _check_type(
        'train_dataloader.dataset', cfg.train_dataloader.get('dataset')
    )
    _check_optimizer(cfg)
    for name in _COUNTS:
        _check_count(f'train_cfg.{name}', cfg.train_cfg.get(name))
    _check_count('randomness.seed', cfg.get('randomness', {}).get('seed'))
    _check_schedules(cfg.get('param_scheduler'))


def _check_hooks(cfg: Config) -> None:
    """Check that hooks are dicts, and what they do in intervals of numbers."""
    named, more = cfg.get('default_hooks') or {}, cfg.get('custom_hooks') or []
    if not isinstance(more, (list, tuple)):
        raise ConfigError(f'custom_hooks must be a list, got {more!r}')
    entries = {f'default_hooks.{name}': hook for name, hook in named.items()}
    entries |= {f'custom_hooks.{i}': hook for i, hook in enumerate(more)}
    for name, hook in entries.items():
        if isinstance(hook, (Hook, NoneType)):
            continue
        _check_type(name, hook)
        interval = hook.get('interval', 1)
        if not isinstance(interval, int):
            raise ConfigError(
                f'{name}.interval must be a whole number, got {interval!r}'
            )


def _check_schedules(schedules: object) -> None:
    if isinstance(schedules, Mapping):
        schedules = [schedules]
    if not isinstance(schedules, (list, tuple, NoneType)):
        raise ConfigError(
            f'param_scheduler must be a list of dicts, got {schedules!r}'
        )
    for i, schedule in enumerate(schedules or ()):
        for name in _OF_SCHEDULES:
            value = schedule.get(name)
            if isinstance(value, str):
                raise ConfigError(
                    f'param_scheduler.{i}.{name} must be a number, got '
                    f'{value!r}'
                )


def _check_dict(cfg: Config, name: str) -> None:
    part = cfg.get(name)
    if part is None:
        raise ConfigError(
            f'{cfg.filename} has no {name}: add it, or inherit it from '
            'another config by _base_'
        )
    if not isinstance(part, Mapping):
        raise ConfigError(f'{name} must be a dict, got {part!r:.80}')


def _check_type(name: str, part: object) -> None:
    if not isinstance(part, Mapping):
        raise ConfigError(f'{name} must be a dict, got {part!r:.80}')
    if not part.get('type'):
        raise ConfigError(
            f'{name} has no type, the name of its class, but '
            f'{", ".join(part) or "nothing"}'
        )


def _check_optimizer(cfg: Config) -> None:
    optimizer = cfg.optim_wrapper.get('optimizer')
    if optimizer is None and 'constructor' not in cfg.optim_wrapper:
        raise ConfigError(
            'optim_wrapper has no optimizer: add one, such as '
            "optimizer=dict(type='SGD', lr=0.03)"
        )
    if not isinstance(optimizer, Mapping):
        return
    for name in _RATES:
        _check_rate(f'optim_wrapper.optimizer.{name}', optimizer.get(name))
    path, kind = ['optim_wrapper', 'optimizer'], optimizer.get('type')
    if isinstance(kind, str) and class_of(cfg, path, kind) is None:
        near = difflib.get_close_matches(kind, names_of(cfg, path), 1)
        hint = f'. Did you mean {near[0]}?' if near else ''
        raise ConfigError(
            f'optim_wrapper.optimizer.type: there is no optimizer {kind}{hint}'
        )


def _check_rate(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, Real) or not 0 <= float(value) < math.inf:
        raise ConfigError(
            f'{name} must be a number of at least 0, got {value!r}'
        )


def _check_count(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(
            f'{name} must be a whole number of at least 0, got {value!r}'
        )
