"""Values of the configs of runs, as they are compared."""

import math

from hirl_mm.checkpoints.config_values import config_values


def literal_config(text: str) -> dict[str, object]:
    """Return the values of a config that MMEngine has written.

    No code of it is run, see
    :func:`~hirl_mm.checkpoints.config_values.config_values`.

    Args:
        text: Text of the file.

    Returns:
        Values by name. Tuples are lists: MMEngine takes both for the same.

    Raises:
        ValueError: If the text holds anything else.

    Example:
        >>> literal_config("a = dict(b=(1, -2.5), c='x')")
        {'a': {'b': [1, -2.5], 'c': 'x'}}
    """
    values = config_values(text)
    return {name: _comparable(value) for name, value in values.items()}


def _comparable(value: object) -> object:
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_comparable(item) for item in value]
    if isinstance(value, set):
        return sorted(map(repr, value))
    # NaN would differ from itself.
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
