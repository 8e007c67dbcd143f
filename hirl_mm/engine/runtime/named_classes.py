"""Classes that the entries of a config name, and their arguments."""

import inspect
from collections.abc import Callable

from mmengine import registry as registries
from mmengine.config import Config

from hirl_mm.registry import scope_of


def class_of(cfg: Config, path: list[str], kind: object) -> type | None:
    """Return the class of an entry of a config.

    Args:
        cfg: The config.
        path: Keys that lead to the entry.
        kind: Its ``type``.

    Returns:
        The class; None if it is not known here.
    """
    if inspect.isclass(kind):
        return kind
    if not isinstance(kind, str):
        return None
    for registry in _registries(path):
        with registry.switch_scope_and_registry(scope_of(cfg)) as scoped:
            found = scoped.get(kind)
        if inspect.isclass(found):
            return found
    return None


def names_of(cfg: Config, path: list[str]) -> list[str]:
    """Return the names of the classes that an entry of a config can have.

    Args:
        cfg: The config.
        path: Keys that lead to the entry.

    Returns:
        Registered names, those of this package with its scope; empty if it
        is not known which registry builds the entry.
    """
    found = []
    for registry in _registries(path):
        with registry.switch_scope_and_registry(scope_of(cfg)) as scoped:
            found += [*scoped.module_dict]
        for scope, child in registry.children.items():
            if scope == 'hirl_mm':
                found += [f'hirl_mm.{name}' for name in child.module_dict]
        found += [*registry.module_dict]
    return found


def arguments_of(kind: type[object]) -> tuple[list[str], bool]:
    """Return the arguments of a class, and whether it refuses all others.

    Args:
        kind: The class. If it passes keywords on, the arguments of its base
            classes are added.
    """
    found = parameters(kind)
    more = inspect.Parameter.VAR_KEYWORD
    kinds = [p.kind for p in inspect.signature(kind).parameters.values()]
    # A decorator can take more than the function that it wraps.
    is_all = more not in kinds and not hasattr(kind.__init__, '__wrapped__')
    if not is_all:
        for base in inspect.getmro(kind)[1:-1]:
            found += parameters(base)
    return found, is_all


def parameters(function: Callable) -> list[str]:
    """Return the names of the arguments of a function or class."""
    variadic = inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL
    return [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind not in variadic
    ]


def _registries(path: list[str]) -> list[registries.Registry]:
    """Registries in which the type of a part of a config may be."""
    group = path[0]
    if group.endswith('_dataloader') or group.startswith('knn_'):
        if 'pipeline' in path:
            return [registries.TRANSFORMS]
        in_sampler = {'sampler', 'batch_sampler'} & set(path)
        found = 'DATA_SAMPLERS' if in_sampler else 'DATASETS'
        return [getattr(registries, found)]
    return dict(
        model=[registries.MODELS],
        data_preprocessor=[registries.MODELS],
        default_hooks=[registries.HOOKS],
        custom_hooks=[registries.HOOKS],
        train_cfg=[registries.LOOPS],
        param_scheduler=[registries.PARAM_SCHEDULERS],
        optim_wrapper=[registries.OPTIM_WRAPPERS, registries.OPTIMIZERS],
    ).get(group, [])
