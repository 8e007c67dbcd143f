"""Names of files and classes as one harmless line."""


def printable(text: str) -> str:
    """Return a text with everything escaped that a terminal would obey.

    Line breaks, control characters, marks that turn the direction of the
    text, and bytes of file names that are no UTF-8 become escapes of Python.

    Example:
        >>> printable('a\\nb'), printable('\\x1b[31m'), printable('ünï 🐈')
        ('a\\\\nb', '\\\\x1b[31m', 'ünï 🐈')
    """
    return ''.join(
        char
        if char.isprintable()
        else char.encode('unicode_escape').decode('ascii')
        for char in text
    )


def cell(text: str) -> str:
    """Return a :func:`printable` text for a cell of a Markdown table."""
    return printable(text).replace('\\', '\\\\').replace('|', '\\|')
