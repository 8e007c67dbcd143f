"""HIRL around the config of an algorithm, without a class written for it."""

import copyreg
import functools
import inspect
from abc import ABCMeta
from typing import Any

from mmengine.config.lazy import LazyAttr, LazyObject
from mmengine.registry import Registry
from mmpretrain.models.selfsup import BaseSelfSupervisor

from hirl_mm.registry import MODELS

_NO_Z0 = (
    'hirl_mm has no class for {name} under HIRL: set z0_module, where its '
    "embedding is, to 'neck' or 'backbone', and, to cluster the features of "
    'its moving average, set momentum_module, such as '
    "momentum_module='encoder_k'"
)
_NO_ALGORITHM = (
    '{name} is built around the config of an algorithm, such as '
    '{name}(algorithm=dict(type="SimSiam", ...), spd_head=...), but got '
    'algorithm={algorithm!r}: in a config write algorithm=_base_.model'
)


class ComposableMeta(ABCMeta):
    """Metaclass of HIRLAlgorithm, which is called with an algorithm's config.

    The class that has this metaclass and no base with it is the root. Calling
    the root calls :func:`compose`; calling a subclass creates an instance as
    usual. A composed class can be pickled, although it is no attribute of a
    module.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(base, ComposableMeta) for base in cls.__bases__):
            return super().__call__(*args, **kwargs)
        return compose(cls, *args, **kwargs)


def compose(
    root: type,
    algorithm: dict | None = None,
    *,
    spd_head: dict,
    spd_views: int = 1,
    z0_module: str | None = None,
    momentum_module: str | None = None,
    bank_module: str | None = None,
    data_preprocessor: dict | None = None,
    **merged: Any,
) -> BaseSelfSupervisor:
    """Build a model that has the root and an algorithm as base classes.

    Args:
        root: HIRLAlgorithm.
        algorithm: Config of a self-supervised algorithm of MMPreTrain, or of
            one derived from it. Its ``type`` is a registered name, a class,
            or an object that MMEngine imports lazily.
        spd_head: Config of the SPD head.
        spd_views: See HIRLAlgorithm.
        z0_module: ``'backbone'`` or ``'neck'``, see HIRLAlgorithm. None for
            an algorithm that hirl_mm has a class for, which sets it.
        momentum_module: See HIRLAlgorithm; used with a ``z0_module`` only.
        bank_module: See HIRLAlgorithm; used with a ``z0_module`` only.
        data_preprocessor: Config of the data preprocessor at the top level of
            the config, which the Runner passes. The algorithm's own takes
            precedence.
        **merged: Keys of the base config's ``model`` that MMEngine keeps
            beside ``algorithm`` if the config does not set ``_delete_=True``.

    Returns:
        The model. It has the state-dict keys and hooks of the algorithm, and
        the keys of the head.

    Raises:
        TypeError: If ``algorithm`` is not the config of a self-supervised
            algorithm, or its class is a HIRLAlgorithm already.
        ValueError: If the algorithm needs a ``z0_module``, or ``merged``
            contradicts ``algorithm``.
        KeyError: If no model of that name is registered.
    """
    if not isinstance(algorithm, dict) or 'type' not in algorithm:
        text = _NO_ALGORITHM.format(name=root.__name__, algorithm=algorithm)
        raise TypeError(text)
    algorithm = dict(algorithm)
    if data_preprocessor is not None:
        algorithm.setdefault('data_preprocessor', data_preprocessor)
    for key, value in merged.items():
        if key not in algorithm or algorithm[key] != value:
            raise ValueError(
                f'model.{key} is set beside model.algorithm and differs from '
                f'model.algorithm.{key}: write _delete_=True into the model '
                'of the config and change model.algorithm alone'
            )
    scope = algorithm.pop('_scope_', None)
    kind = algorithm.pop('type')
    with MODELS.switch_scope_and_registry(scope) as registry:
        base = _algorithm_class(kind, registry, root)
        composed = composed_class(
            root, base, z0_module, momentum_module, bank_module
        )
        return composed(spd_head=spd_head, spd_views=spd_views, **algorithm)


def composed_class(
    root: type,
    base: type,
    z0_module: str | None = None,
    momentum_module: str | None = None,
    bank_module: str | None = None,
) -> type:
    """Return the class that trains an algorithm with HIRL.

    Args:
        root: HIRLAlgorithm.
        base: Class of the algorithm.
        z0_module: See :func:`compose`.
        momentum_module: See :func:`compose`.
        bank_module: See :func:`compose`.

    Returns:
        The registered class of the algorithm, or a new subclass of it if
        ``base`` is derived from the algorithm. With a ``z0_module``, a new
        class. Calls with the same arguments return the same class.

    Raises:
        ValueError: If the algorithm needs a ``z0_module``, or ``z0_module``
            is neither ``'backbone'`` nor ``'neck'``.
    """
    if z0_module is None:
        known = _registered_class(root, base)
        if known is None:
            raise ValueError(_NO_Z0.format(name=base.__name__))
        return known if base in known.__bases__ else _subclass((known, base))
    choices = ('backbone', 'neck')
    if z0_module not in choices:
        raise ValueError(
            f'z0_module must be one of {choices}, got {z0_module!r}; for '
            'another submodule write the class that CONTRIBUTING.md shows'
        )
    places = dict(
        z0_module=z0_module,
        momentum_module=momentum_module,
        bank_module=bank_module,
    )
    return _subclass((root, base), **places)


def _algorithm_class(kind: Any, registry: Registry, root: type) -> type:
    if isinstance(kind, LazyObject | LazyAttr):
        kind = kind.build()
    base = registry.get(kind) if isinstance(kind, str) else kind
    if base is None:
        raise KeyError(f'there is no model {kind!r} (model.algorithm)')
    name = getattr(base, '__name__', base)
    if not (inspect.isclass(base) and issubclass(base, BaseSelfSupervisor)):
        raise TypeError(
            f'model.algorithm has the type {name}, but must be a '
            'self-supervised algorithm of MMPreTrain, such as MoCo or '
            'SimSiam, or be derived from one'
        )
    if issubclass(base, root):
        raise TypeError(
            f'{name} of model.algorithm trains with HIRL already: use it as '
            f'the type of the model, without {root.__name__} around it'
        )
    return base


def _registered_class(root: type, base: type) -> type | None:
    """Return the registered HIRL class of a class or its nearest ancestor."""
    classes = [
        found
        for found in MODELS.module_dict.values()
        if inspect.isclass(found)
        and issubclass(found, root)
        and found is not root
    ]
    for ancestor in base.__mro__:
        for found in classes:
            if ancestor in found.__bases__:
                return found
    return None


@functools.cache
def _subclass(bases: tuple[type, ...], **places: str | None) -> type:
    name = f'HIRL{bases[-1].__name__}'
    recipe = functools.partial(_subclass, bases, **places)
    return type(bases[0])(name, bases, dict(places, _recipe=recipe))


def _reduce_class(cls: ComposableMeta) -> str | tuple:
    """Pickle a class by its name, or by the call that composed it."""
    recipe = vars(cls).get('_recipe')
    return cls.__qualname__ if recipe is None else (recipe, ())


copyreg.pickle(ComposableMeta, _reduce_class)
