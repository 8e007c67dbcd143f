"""What the values of a config from elsewhere may name."""

import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from mmengine import registry
from mmengine.registry import Registry
from mmengine.utils import get_object_from_string

_PACKAGES = 'hirl_mm', 'mmcv', 'mmdet', 'mmengine', 'mmpretrain', 'mmseg'
# Classes of optimizers and layers are registered by their packages, too.
_LIBRARIES = *_PACKAGES, 'torch', 'torchvision'
# Files by whose endings MMEngine unpickles them, or runs tags of YAML.
_CODE_FILES = '.pkl', '.pickle', '.yaml', '.yml'
# Data sets and models that unpickle files of any name.
_UNPICKLE = 'OpenImages', 'RAM'
# Values that OpenMMLab's packages give to ``eval``.
_EVALUATED = 'type', 'dtype', 'warp_mode'
_NAME = re.compile(r'[\w./-]+')


def check_found_types(values: Mapping) -> None:
    """Check that building parts of a config runs registered classes only.

    MMEngine imports what a ``type`` names, and calls it: ``os.system``, too.
    It imports what stands in ``_scope_`` and unpickles annotations in files
    that end in ``.pkl``. Some registered classes unpickle files or evaluate
    texts. Those that are known to do so are refused; what others do with
    their arguments is not known here.

    Args:
        values: Values of the config. Modules that its ``custom_imports``
            names are imported.

    Raises:
        ValueError: If something else is named.
    """
    if '_base_' in values:
        raise ValueError('it inherits another config')
    _import_modules(values.get('custom_imports') or {})
    for key, value in _pairs(values):
        if not isinstance(value, str):
            continue
        if key in _EVALUATED and not _NAME.fullmatch(value):
            raise ValueError(f'{key}={value!r} is no name')
        if key == 'type':
            _check_type(value)
        elif key in ('_scope_', 'default_scope'):
            _check_package(value)
        elif value.lower().endswith(_CODE_FILES):
            raise ValueError(
                f'{key}={value!r} is a file that may run code when it is read'
            )


def _pairs(value: object, key: object = '') -> Iterator[tuple[object, object]]:
    """Yield all values in a config with the names they have."""
    yield key, value
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _pairs(item, name)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _pairs(item, key)


def _import_modules(wanted: Any) -> None:
    names = wanted.get('imports') if isinstance(wanted, Mapping) else wanted
    for name in [names] if isinstance(names, str) else names or ():
        _check_package(name)
        import_module(name)


def _check_package(name: object) -> None:
    if str(name).split('.')[0] not in _PACKAGES:
        raise ValueError(f'it imports {name}')


def _check_type(name: str) -> None:
    first, *rest = name.split('.')
    if name.split('.')[-1].startswith(_UNPICKLE):
        raise ValueError(f'{name} unpickles files')
    if not rest:
        # MMEngine imports a module of a name that is not registered.
        is_module = name.isidentifier() and name not in sys.stdlib_module_names
        if is_module and find_spec(name) and name not in _LIBRARIES:
            raise ValueError(f'it imports {name}')
    elif first not in _LIBRARIES:
        raise ValueError(f'it imports {name}')
    else:
        found = get_object_from_string(name)
        if found is not None and not _is_registered(found):
            raise ValueError(f'it calls {name}, which is not registered')


def _is_registered(found: object) -> bool:
    roots = [r for r in vars(registry).values() if isinstance(r, Registry)]
    return any(
        found is known
        for one in _with_children(roots)
        for known in one.module_dict.values()
    )


def _with_children(registries: list[Registry]) -> Iterator[Registry]:
    for one in registries:
        yield one
        yield from _with_children(list(one.children.values()))
