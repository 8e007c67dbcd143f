"""Foreign names, such as those of classes and runs, as texts of pictures."""


def plain_text(text: str) -> str:
    """Return a text on one line that every font can show.

    Control characters, and bytes of file names that are no UTF-8, become
    U+FFFD. Dollar signs stay, so draw the text with ``parse_math=False``.

    Example:
        >>> plain_text('caf\\udce9\\n$5') == 'caf\\ufffd\\ufffd$5'
        True
    """
    return ''.join(c if c.isprintable() else '\ufffd' for c in text)


def label_text(text: str) -> str:
    """Return the same text for legends and axes, which show formulas.

    Example:
        >>> print(label_text('from $5 to $7'))
        from \\$5 to \\$7
    """
    return plain_text(text).replace('$', r'\$')
