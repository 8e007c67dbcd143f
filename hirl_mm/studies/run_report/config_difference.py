"""In which settings configs differ."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

ABSENT = '-'
# They differ between any two runs, and change nothing of a training.
_PLACES = {'work_dir', 'experiment_name', 'launcher', 'resume'}
_MOST_CHARS = 300


def config_differences(
    configs: Sequence[dict], settings: set[str]
) -> list[tuple[str, list[str]]]:
    """Return the settings that are not the same in all configs.

    Args:
        configs: Values by name, see :func:`literal_config`.
        settings: Names of the settings to compare. Configs hold further
            variables, from which these were made.

    Returns:
        Key with dots and index, such as ``'param_scheduler[0].end'``, and its
        value in every config, as text; ``'-'`` where a config lacks it.

    Example:
        >>> configs = [dict(a=dict(b=1, c=2)), dict(a=dict(b=1, c=3))]
        >>> config_differences(configs, {'a'})
        [('a.c', ['2', '3'])]
    """
    names = {name: None for config in configs for name in config}
    return [
        (key, list(map(_text, values)))
        for name in sorted(names)
        if name in settings - _PLACES
        for key, values in _differences(
            name, [config.get(name, ABSENT) for config in configs]
        )
    ]


def _differences(key: str, values: list) -> Iterator[tuple[str, list]]:
    if all(value == values[0] for value in values):
        return
    if all(isinstance(value, dict) for value in values):
        for name in dict.fromkeys(n for value in values for n in value):
            below = [value.get(name, ABSENT) for value in values]
            yield from _differences(f'{key}.{name}', below)
    elif all(map(_is_list_of_dicts, values)):
        rows = zip_longest(*values, fillvalue=ABSENT)
        for i, row in enumerate(rows):
            yield from _differences(f'{key}[{i}]', list(row))
    else:
        yield key, values


def _is_list_of_dicts(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(v, dict) for v in value)


def _text(value: object) -> str:
    text = value if value is ABSENT else repr(value)
    return text if len(text) <= _MOST_CHARS else f'{text[:_MOST_CHARS]} ...'
