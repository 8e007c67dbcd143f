"""What MMEngine's errors about the classes of a config mean."""

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mmengine.config import Config
from torch.utils.data import DataLoader

from hirl_mm.registry import type_name

from .config_file import ConfigError
from .config_parts import parts_of
from .named_classes import arguments_of, class_of, names_of, parameters

_NO_CLASS = re.compile(r'(\S+) is not in the (?:(\w+)::)?([\w ]+) registry')
_NO_ARGUMENT = re.compile(
    r"(\w+)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'"
)
_MISSING = re.compile(
    r'(\w+)(?:\.__init__)?\(\) missing \d+ required (?:positional |'
    r'keyword-only )?arguments?: (.*)'
)

_HINT = (
    'Correct the name, or name the module that registers it in custom_imports'
)


@contextmanager
def explained_errors(cfg: Config) -> Iterator[None]:
    """Say where in a config an unknown class or argument stands.

    Args:
        cfg: The config whose classes are built in the context.

    Raises:
        ConfigError: Instead of MMEngine's KeyError for a class that is not
            registered, and of Python's TypeError for an argument that a class
            does not take or lacks. Other errors stay as they are.
    """
    try:
        yield
    except (KeyError, TypeError) as error:
        text = explanation(cfg, str(error))
        if text is None:
            raise
        raise ConfigError(text) from error


def explanation(cfg: Config, error: str) -> str | None:
    """Return what an error means for a config.

    Args:
        cfg: A config.
        error: Text of an error.

    Returns:
        A sentence that names the part of the config; None for other errors,
        and if no part of the config names the class.
    """
    if found := _NO_CLASS.search(error.strip('\'"')):
        return _unknown_class(cfg, *found.groups())
    if found := _NO_ARGUMENT.search(error):
        return _unknown_argument(cfg, *found.groups())
    if found := _MISSING.search(error):
        kind, names = found.groups()
        for place, _ in entries_of_class(cfg, kind):
            return f'{place} ({kind}) needs {names}'
    return None


def entries_of_class(cfg: Config, kind: str) -> Iterator[tuple[str, Mapping]]:
    """Find the entries of a config whose ``type`` names a class.

    Args:
        cfg: A config.
        kind: Name of the class, with or without a scope.

    Yields:
        Dotted name and entry.
    """
    for place, _, entry in parts_of(cfg):
        if isinstance(entry, Mapping) and (
            type_name(entry.get('type')) == type_name(kind)
        ):
            yield place, entry


def _unknown_class(
    cfg: Config, kind: str, scope: str | None, registry: str
) -> str | None:
    for place, _ in entries_of_class(cfg, kind):
        known = {type_name(n): n for n in names_of(cfg, place.split('.'))}
        near = difflib.get_close_matches(type_name(kind), known, 1)
        hint = f'Did you mean {known[near[0]]}?' if near else _HINT
        what = registry.replace('_', ' ')
        return f'{place}.type: there is no {what} {kind}. {hint}'
    return None


def _unknown_argument(cfg: Config, kind: str, name: str) -> str | None:
    for place, entry in entries_of_class(cfg, kind):
        if name not in entry:
            continue
        found = class_of(cfg, place.split('.'), entry['type'])
        known = [] if found is None else arguments_of(found)[0]
        near = difflib.get_close_matches(name, known, 1)
        hint = f'. Did you mean {near[0]}?' if near else ''
        if known and not near:
            hint = f', but {", ".join(known)}'
        return f'{place} ({kind}) takes no {name}{hint}'
    for place, loader in cfg.items():
        is_mapping = isinstance(loader, Mapping)
        if kind == 'DataLoader' and is_mapping and name in loader:
            near = difflib.get_close_matches(name, parameters(DataLoader), 1)
            hint = f'. Did you mean {near[0]}?' if near else ''
            return f'{place} takes no {name}{hint}'
    return None
