"""Values of the configs that MMEngine saves, read without running them."""

import ast
import math
from typing import Any

_SIGNS = {ast.USub: -1, ast.UAdd: 1}
_NUMBERS = {'inf': math.inf, 'nan': math.nan}


def config_values(text: str) -> dict[str, object]:
    """Return the values of a config that MMEngine has written.

    Such a file consists of assignments of plain values and of calls of
    ``dict``. No code of it is run, so that the config of a run from elsewhere
    can be read.

    Args:
        text: Text of the file.

    Returns:
        Values by name.

    Raises:
        ValueError: If the text holds anything else.

    Example:
        >>> config_values("a = dict(b=(1, -2.5), c='x')")
        {'a': {'b': (1, -2.5), 'c': 'x'}}
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise ValueError(f'it is no Python: {error}') from error
    values = {}
    for line in body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = _value(value)
            case _:
                raise _unknown(line)
    return values


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items):
            return [_value(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_value(item) for item in items)
        case ast.Set(elts=items):
            return {_key(item) for item in items}
        case ast.UnaryOp(op=op, operand=operand):
            number = _value(operand)
            if type(op) in _SIGNS and isinstance(number, (int, float)):
                return _SIGNS[type(op)] * number
        case ast.Name(id='inf' | 'nan' as name):
            return _NUMBERS[name]
        case ast.Dict(keys=keys, values=items) if all(keys):
            names = map(_key, filter(None, keys))
            return dict(zip(names, map(_value, items), strict=True))
        case ast.Call(func=ast.Name(id='dict'), args=given, keywords=words):
            # Keys that are no names stand in a dictionary of their own.
            if all(isinstance(item, ast.Dict) for item in given[:1]) and all(
                [len(given) < 2, *(word.arg for word in words)]
            ):
                values = _value(given[0]) if given else {}
                named = {word.arg: _value(word.value) for word in words}
                return values | named
    raise _unknown(node)


def _key(node: ast.expr) -> object:
    if not isinstance(node, ast.Constant | ast.UnaryOp):
        raise _unknown(node)
    return _value(node)


def _unknown(node: ast.expr | ast.stmt) -> ValueError:
    text = ast.unparse(node)
    text = text if len(text) <= 60 else f'{text[:60]}...'
    return ValueError(
        f'line {node.lineno} is no plain value, but MMEngine saves only such: '
        f'{text}'
    )
