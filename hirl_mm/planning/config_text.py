"""Writing a config that inherits a recipe, with a reason for every line."""

import keyword
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mmengine.config import Config

from .setting import Name, Setting

_WIDTH = 79
_INDENT = '    '
_MISSING = object()


def config_text(
    base: str, settings: Iterable[Setting], recipe: Config, title: str
) -> str:
    """Return the text of a config.

    Names and paths from a user stand in it as Python literals of ASCII
    characters, and in no comment, so that none of them can add code.

    Args:
        base: Name of the config that it inherits, as in ``_base_``.
        settings: What it changes, in the order of the text. An entry of the
            same key as an earlier one replaces it.
        recipe: The inherited config.
        title: First comment, of any length.
    """
    parts = [_comment(title, ''), f'_base_ = {literal(base)}', '']
    tree: dict = {}
    for setting in settings:
        *parents, name = setting.key.split('.')
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[name] = setting
    for name, node in tree.items():
        parts += [
            *_entry(name, node, recipe.get(name, _MISSING), '', ' = '),
            '',
        ]
    return '\n'.join(parts).rstrip('\n') + '\n'


def literal(value: Any, indent: str = '', taken: int = 0) -> str:
    """Return a value as Python code, over several lines if it is long.

    Args:
        value: Value of plain types.
        indent: Indentation of the first line.
        taken: Characters of the first line that are taken by other text.
    """
    line = _one_line(value)
    if len(indent) + taken + len(line) <= _WIDTH or not _can_break(value):
        return line
    inner = indent + _INDENT
    if isinstance(value, Mapping):
        opening, closing = ('dict(', ')') if _named(value) else ('{', '}')
        equals = '=' if _named(value) else ': '
        items = [
            (f'{key if _named(value) else _one_line(key)}{equals}', item)
            for key, item in value.items()
        ]
    else:
        opening, closing = '[]' if isinstance(value, list) else '()'
        items = [('', item) for item in value]
    lines = [
        f'{inner}{start}{literal(item, inner, len(start) + 1)},'
        for start, item in items
    ]
    return '\n'.join([opening, *lines, indent + closing])


def _entry(
    name: str, node: Any, base: object, indent: str, equals: str
) -> list[str]:
    """Return the lines of a key; deeper ones end with a comma."""
    end = '' if not indent else ','
    start = f'{indent}{name}{equals}'
    if isinstance(node, Setting):
        value = node.value
        if isinstance(value, Mapping) and _replaces(node, base):
            value = dict(_delete_=True, **value)
        lines = [_comment(node.reason, indent)] if node.reason else []
        taken = len(name) + len(equals) + len(end)
        return [*lines, f'{start}{literal(value, indent, taken)}{end}']
    lines = [f'{start}dict(']
    for key, inner in node.items():
        below = base.get(key, _MISSING) if isinstance(base, Mapping) else {}
        lines += _entry(key, inner, below, indent + _INDENT, '=')
    return [*lines, f'{indent}){end}']


def _replaces(setting: Setting, base: object) -> bool:
    """Whether MMEngine has to be told not to merge two values."""
    if isinstance(base, Mapping):
        return setting.whole
    return base is not _MISSING and base is not None


def _comment(text: str, indent: str) -> str:
    text = text.encode('ascii', 'backslashreplace').decode()
    text = text[:1].upper() + text[1:].rstrip('.') + '.'
    start = f'{indent}# '
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=start,
        break_on_hyphens=False,
    )


def _one_line(value: object) -> str:
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, str):
        # MMEngine replaces {{ }} in the text of a config.
        return ascii(value).replace('{{', '\\x7b{')
    if isinstance(value, Mapping):
        if _named(value):
            items = [f'{k}={_one_line(v)}' for k, v in value.items()]
            return f'dict({", ".join(items)})'
        items = [f'{_one_line(k)}: {_one_line(v)}' for k, v in value.items()]
        return f'{{{", ".join(items)}}}'
    if isinstance(value, list | tuple):
        return _sequence(value)
    return repr(value)


def _sequence(value: Sequence) -> str:
    inner = ', '.join(map(_one_line, value))
    if isinstance(value, list):
        return f'[{inner}]'
    return f'({inner},)' if len(value) == 1 else f'({inner})'


def _can_break(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _named(value: Mapping) -> bool:
    """Whether the keys can be names of arguments."""
    return all(
        isinstance(key, str)
        and key.isidentifier()
        and not keyword.iskeyword(key)
        for key in value
    )
