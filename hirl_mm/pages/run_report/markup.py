"""HTML whose texts are escaped by default."""

import re

from ..frame import html_text

# They turn the text after them around: a name could be read as another one.
_TURNS = {
    code: f'<U+{code:04X}>'
    for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def unturned(text: str) -> str:
    r"""Return a text whose overrides of the direction are written out.

    Args:
        text: Any text.

    Example:
        >>> unturned('a\u202eb')
        'a<U+202E>b'
    """
    return text.translate(_TURNS)


class Markup(str):
    """Text that is HTML already."""


def escaped(text: str) -> Markup:
    """Return a text as HTML that shows it; markup stays as it is.

    Lines and tabs stay, other control characters are shown as
    :func:`~hirl_mm.pages.frame.shown_text` shows them, and overrides of the
    direction as :func:`unturned` does.

    Args:
        text: Any text.

    Example:
        >>> escaped('<b> & "c"')
        '&lt;b&gt; &amp; &quot;c&quot;'
    """
    if isinstance(text, Markup):
        return text
    # A single line of the frame has neither line breaks nor tabs.
    parts = re.split('([\n\t])', unturned(text))
    return Markup(
        ''.join(p if p in ('\n', '\t') else html_text(p) for p in parts)
    )


def element(tag: str, *content: str, **attributes: object) -> Markup:
    """Return an HTML or SVG element.

    Args:
        tag: Name of the element.
        *content: What it holds; texts are escaped, markup is not.
        **attributes: Attributes. Underscores stand for hyphens, one at the
            end is dropped (``class_``), and an attribute of None is left out.

    Example:
        >>> element('a', 'x < y', href='#z', class_='more')
        '<a href="#z" class="more">x &lt; y</a>'
        >>> element('br')
        '<br>'
    """
    words = [tag]
    for name, value in attributes.items():
        if value is not None:
            name = name.rstrip('_').replace('_', '-')
            words.append(f'{name}="{escaped(str(value))}"')
    begin = f'<{" ".join(words)}>'
    if tag in ('br', 'img'):
        return Markup(begin)
    return Markup(f'{begin}{"".join(map(escaped, content))}</{tag}>')


def name_element(text: str) -> Markup:
    """Return an element with a name from outside.

    Right-to-left text in it does not reorder what stands beside it.

    Args:
        text: The name.
    """
    return element('bdi', text)
