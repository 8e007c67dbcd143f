import inspect

from hirl_mm.registry import MODELS

from .hirl import HIRLAlgorithm

_NO_Z0 = (
    'hirl_mm has no class for {name} under HIRL: say where its embedding is, '
    "z0_module='neck' or z0_module='backbone', and name its moving average "
    'if features are clustered with it, such as '
    "momentum_module='encoder_k'"
)


@MODELS.register_module(name='HIRLAlgorithm')
def compose_hirl(
    algorithm: dict,
    spd_head: dict,
    z0_module: str | None = None,
    momentum_module: str | None = None,
    bank_module: str | None = None,
    data_preprocessor: dict | None = None,
    **merged,
) -> HIRLAlgorithm:
    """HIRL around the config of a model, without any Python.

    Args:
        algorithm: Config of a self-supervised algorithm of mmpretrain, or of
            one derived from it.
        spd_head: See :class:`HIRLAlgorithm`.
        z0_module: See :class:`HIRLAlgorithm`; None for an algorithm that
            hirl_mm has a class for, whose choices hold.
        momentum_module: See :class:`HIRLAlgorithm`; counts with a
            ``z0_module`` only.
        bank_module: Likewise.
        data_preprocessor: That of the config's top level, which the Runner
            puts here; the algorithm's own comes first, as it does there.
        **merged: What MMEngine leaves beside ``algorithm`` when a config
            inherits ``model`` and does not delete it.

    Returns:
        A model whose class has HIRLAlgorithm and the algorithm's own class
        as bases, so that its keys and hooks are those of the algorithm.

    Raises:
        ValueError: If the algorithm needs a ``z0_module``, or ``merged``
            contradicts ``algorithm``.

    Example:
        In a config::

            model = dict(
                _delete_=True,
                type='hirl_mm.HIRLAlgorithm',
                algorithm=_base_.model,
                spd_head=dict(type='hirl_mm.SPDHead', in_channels=128))
    """
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
        base = kind if inspect.isclass(kind) else registry.get(kind)
        if base is None:
            raise KeyError(f'there is no model {kind!r} (model.algorithm)')
        composed = _composed(base, z0_module, momentum_module, bank_module)
        return composed(spd_head=spd_head, **algorithm)


def _composed(
    base: type,
    z0_module: str | None,
    momentum_module: str | None,
    bank_module: str | None,
) -> type[HIRLAlgorithm]:
    known = _class_for(base)
    if z0_module is None:
        if known is None:
            raise ValueError(_NO_Z0.format(name=base.__name__))
        if base in known.__bases__:
            return known
        return type(f'HIRL{base.__name__}', (known, base), {})
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
    return type(f'HIRL{base.__name__}', (HIRLAlgorithm, base), places)


def _class_for(base: type) -> type[HIRLAlgorithm] | None:
    """The registered HIRL class of an algorithm or its nearest ancestor."""
    classes = [
        found
        for found in MODELS.module_dict.values()
        if inspect.isclass(found) and issubclass(found, HIRLAlgorithm)
    ]
    for ancestor in base.__mro__:
        for found in classes:
            if ancestor in found.__bases__:
                return found
    return None
