"""Hooks in a config, wherever they stand in it."""

from collections.abc import Iterator

from mmengine.config import Config

_PREFIX = 'hirl_mm.'
KMEANS = 'HierarchicalKMeansHook'


def added_hooks(cfg: Config) -> Iterator[dict]:
    """Yield the configs of this project's hooks.

    They stand in ``custom_hooks`` or under a name in ``default_hooks``.
    """
    named = cfg.get('default_hooks', {}).values()
    for hook in (*named, *cfg.get('custom_hooks', [])):
        if hook and hook['type'].startswith(_PREFIX):
            yield hook


def class_name(hook: dict) -> str:
    """Return the name of the class of a hook's config."""
    return hook['type'].removeprefix(_PREFIX)


def keep_hooks(cfg: Config, *names: str) -> None:
    """Remove all hooks of :func:`added_hooks` but those of these classes.

    Args:
        cfg: Config, which is changed in place.
        *names: Names of classes, such as ``'HierarchicalKMeansHook'``.
    """
    removed = [h for h in added_hooks(cfg) if class_name(h) not in names]
    defaults = cfg.get('default_hooks', {})
    for key in [k for k, hook in defaults.items() if hook in removed]:
        defaults.pop(key)
    cfg.custom_hooks = [
        hook for hook in cfg.get('custom_hooks', []) if hook not in removed
    ]


def kmeans_hook(cfg: Config) -> dict:
    """Return the config of the clustering hook of a config with HIRL."""
    (found,) = (h for h in added_hooks(cfg) if class_name(h) == KMEANS)
    return found
