"""Reading the hooks of a config, in ``default_hooks`` and ``custom_hooks``."""

from collections.abc import Collection

from mmengine.hooks import Hook

from hirl_mm.registry import type_name


def entries_of(cfg: dict, name: str) -> list[dict]:
    """Return the entries of a config that are hooks of a class.

    Args:
        cfg: A training config.
        name: Name of the class, without a scope.
    """
    entries = (
        *(cfg.get('default_hooks') or {}).values(),
        *(cfg.get('custom_hooks') or ()),
    )
    return [entry for entry in entries if _class_of(entry) == name]


def classes_in_custom_hooks(cfg: dict, names: Collection[str]) -> list[str]:
    """Return the classes among ``names`` that ``custom_hooks`` holds.

    Args:
        cfg: A training config.
        names: Names of classes.

    Raises:
        ValueError: If ``default_hooks`` holds one of them too.
    """
    found = [_class_of(entry) for entry in cfg.get('custom_hooks') or ()]
    found = [name for name in found if name in names]
    for key, entry in (cfg.get('default_hooks') or {}).items():
        name = _class_of(entry)
        if name in found:
            raise ValueError(
                f'{name} is in custom_hooks and, as {key}, in default_hooks: '
                'both would run. Fix with: delete it from custom_hooks, and '
                'change an argument by the name of the hook, as in '
                f'default_hooks = dict({key}=dict(ARGUMENT=VALUE))'
            )
    return found


def _class_of(entry: dict | Hook | None) -> str:
    """Name of the class of a hook, or of an entry; of None an empty one."""
    if isinstance(entry, Hook):
        return type(entry).__name__
    return type_name((entry or {}).get('type'))
