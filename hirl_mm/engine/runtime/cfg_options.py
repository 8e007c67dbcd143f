"""Overriding a config by options of the command line."""

import inspect
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from hirl_mm.engine.runtime.config_file import ConfigError
from hirl_mm.engine.runtime.option_names import check_option_names
from hirl_mm.engine.runtime.standard_hooks import STANDARD_HOOKS
from hirl_mm.registry import HOOKS

# The hooks that MMEngine's Runner has by itself. It removes these where a
# config has None, and refuses None for others.
RUNNER_HOOKS = (
    *('runtime_info', 'timer', 'sampler_seed'),
    *('logger', 'param_scheduler', 'checkpoint'),
)


def merge_options(cfg: Config, options: Mapping[str, object] | None) -> None:
    """Override a config by the options of ``--cfg-options``.

    MMEngine would accept an option for a hook that is not there and fail
    later, when the hook is built, without naming the option.

    Args:
        cfg: A training config, changed in place.
        options: Values by dotted names, see
            :func:`hirl_mm.options.add_config_options`.
            ``default_hooks.NAME=None`` removes a hook. None for no options.

    Raises:
        ConfigError: If an option is for a hook that the config does not
            have, or for an argument that an entry of ``custom_hooks`` does
            not take, or its name is misspelt.
    """
    options = options or {}
    for option in options:
        group, *names = option.split('.')
        if group == 'custom_hooks' and names:
            _check_custom_hook(cfg, option, *names)
        elif group == 'default_hooks' and names:
            _check_default_hook(cfg, option, names[0], options)
    check_option_names(
        cfg,
        {k: v for k, v in options.items() if not _adds_hook(cfg, k)},
    )
    cfg.merge_from_dict(options)
    hooks = cfg.get('default_hooks') or {}
    if not isinstance(hooks, dict):
        raise ConfigError(f'default_hooks must be a dict, got {hooks!r}')
    for name in [name for name, hook in hooks.items() if hook is None]:
        if name not in RUNNER_HOOKS:
            del hooks[name]


def _check_default_hook(
    cfg: Config, option: str, name: str, options: Mapping[str, object]
) -> None:
    hooks = cfg.get('default_hooks') or {}
    if name in hooks:
        return
    whole = {f'default_hooks.{name}', f'default_hooks.{name}.type'}
    removed = option in whole and options[option] is None
    if not whole & options.keys() or (removed and name not in RUNNER_HOOKS):
        raise ConfigError(
            f'{option}: the config has no hook named {name}, but '
            f'{", ".join(hooks) or "none"}. Correct the name, or give '
            f'default_hooks.{name}.type to add a hook'
        )


def _adds_hook(cfg: Config, option: str) -> bool:
    """Whether an option belongs to a hook that the config does not have."""
    group, *names = option.split('.')
    hooks = cfg.get('default_hooks') or {}
    return group == 'default_hooks' and bool(names) and names[0] not in hooks


def _check_custom_hook(
    cfg: Config, option: str, index: str, argument: str = '', *_: Any
) -> None:
    hooks = cfg.get('custom_hooks') or []
    if index.isdigit() and int(index) < len(hooks):
        if not argument or _takes(cfg, hooks[int(index)], argument):
            return
        what = f'entry {index} of custom_hooks, {hooks[int(index)]["type"]}, '
        what += f'takes no {argument}'
    else:
        what = f'custom_hooks has no entry {index}'
    named = ', '.join(
        name
        for name, hook in (cfg.get('default_hooks') or {}).items()
        if str((hook or {}).get('type')).startswith('hirl_mm.')
        and name not in STANDARD_HOOKS
    )
    raise ConfigError(
        f'{option}: {what}. The hooks of hirl_mm have names, in this config '
        f'{named or "none"}. Fix with: '
        f'default_hooks.NAME.{argument or "ARGUMENT"}=VALUE'
    )


def _takes(cfg: Config, hook: dict, argument: str) -> bool:
    """Whether the class of an entry of ``custom_hooks`` has an argument."""
    kind = hook['type']
    if isinstance(kind, str):
        scope = hook.get('_scope_') or cfg.get('default_scope')
        with HOOKS.switch_scope_and_registry(scope) as registry:
            kind = registry.get(kind)
    if kind is None or argument in ('type', 'priority', '_scope_'):
        return True
    parameters = inspect.signature(kind).parameters.values()
    return any(
        p.name == argument or p.kind is p.VAR_KEYWORD for p in parameters
    )
