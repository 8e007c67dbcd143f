"""Text of files and classes, which may be anything, as pages show it."""

import html

# The control pictures of Unicode stand in the order of the characters that
# they are pictures of.
_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}


def shown_text(text: str) -> str:
    """Return a text that can be shown and stored in any encoding.

    Bytes of a file name that are not UTF-8 become U+FFFD, and control
    characters such as line breaks become their pictures (U+2400 to U+2421),
    so that a name stays on one line and differs from similar ones.

    Args:
        text: Any text, also with lone surrogates, by which Python stands for
            undecodable bytes of file names.

    Example:
        >>> shown_text('two\\nlines')
        'two␊lines'
    """
    handler = 'surrogateescape' if _is_escaped(text) else 'replace'
    encoded = text.encode(errors=handler)
    return encoded.decode(errors='replace').translate(_PICTURES)


def html_text(text: str) -> str:
    """Return a text for the content or a quoted attribute of an element.

    Args:
        text: Any text, see :func:`shown_text`.

    Example:
        >>> html_text('<b title="x">')
        '&lt;b title=&quot;x&quot;&gt;'
    """
    return html.escape(shown_text(text))


def _is_escaped(text: str) -> bool:
    """Whether the lone surrogates of a text stand for undecodable bytes."""
    lone = [char for char in text if '\ud800' <= char <= '\udfff']
    return all('\udc80' <= char <= '\udcff' for char in lone)
