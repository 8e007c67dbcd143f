"""Configs in the ``meta`` of checkpoints, read without running their code."""

import ast


def literal_config(text: str) -> dict:
    """Return the values of a config that MMEngine or MMCV stored.

    They are assignments of literals and calls of ``dict``. Everything else
    is left out: no code of the checkpoint runs.

    Args:
        text: Content of the entry ``meta['cfg']`` or ``meta['config']``.

    Returns:
        Values by name; empty if the text is no such config.
    """
    values: dict[str, object] = {}
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return values
    for node in body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            (target,) = node.targets
            if isinstance(target, ast.Name):
                value = _value(node.value)
                if value is not None:
                    values[target.id] = value
    return values


def _value(node: ast.expr) -> object:
    """The value of an expression; None if it is no literal."""
    if isinstance(node, ast.Call):
        named = isinstance(node.func, ast.Name) and node.func.id == 'dict'
        if not named or node.args:
            return None
        return {key.arg: _value(key.value) for key in node.keywords}
    if isinstance(node, ast.Dict):
        keys = [None if key is None else _value(key) for key in node.keys]
        return dict(zip(keys, map(_value, node.values), strict=True))
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(item) for item in node.elts]
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
