from collections.abc import Iterator, Mapping, Sequence

from mmengine.config import Config


def parts_of(
    part: object, place: str = ''
) -> Iterator[tuple[str, object, object]]:
    """Go through all that a config holds, outer parts first.

    Args:
        part: A config, or any part of it.
        place: Dotted name of the part.

    Yields:
        Dotted name, last key or index, and value.
    """
    if isinstance(part, (Config, Mapping)):
        items = part.items()
    elif isinstance(part, Sequence) and not isinstance(part, str):
        items = enumerate(part)
    else:
        return
    for key, value in items:
        inner = f'{place}.{key}' if place else f'{key}'
        yield inner, key, value
        yield from parts_of(value, inner)
