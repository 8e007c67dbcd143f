"""What ``mmengine.hub.get_model`` asks every package for, by this name."""

from .registry import REGISTRIES


def register_all_modules(init_default_scope: bool = True) -> None:
    """Import everything that is registered.

    Args:
        init_default_scope: MMEngine passes it. The default scope stays as it
            is in any case: the configs of this project name their scopes.
    """
    for registry in REGISTRIES:
        registry.import_from_location()
