"""Values for scripts of a page."""

import json

# Inside a script element only these could end it or begin a comment. JSON
# allows them inside strings alone, where an escape means the same.
_ESCAPES = {ord('<'): '\\u003c', ord('>'): '\\u003e', ord('&'): '\\u0026'}


def script_json(value: object) -> str:
    """Return a value as JSON that is harmless inside a script element.

    The text is ASCII, so that it does not depend on the encoding of the page,
    and has no ``<``, ``>`` and ``&``.

    Args:
        value: Numbers, texts, lists and dictionaries.

    Raises:
        ValueError: If a number is NaN or infinite, which JSON does not have.

    Example:
        >>> script_json(['</script>', 1.5])
        '["\\\\u003c/script\\\\u003e",1.5]'
    """
    text = json.dumps(value, separators=(',', ':'), allow_nan=False)
    return text.translate(_ESCAPES)
