"""HTML whose texts are escaped by default."""

import html
import re
import unicodedata

# Characters that change the direction of the text after them: a name could
# be read as another one.
_DIRECTIONS = re.compile('[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]')


class Markup(str):
    """Text that is HTML already."""


def visible(text: str) -> str:
    r"""Return a text whose invisible characters are written out.

    These are control characters other than line breaks and tabs, characters
    that change the direction of the text, and bytes of a file name that are
    no text.

    Args:
        text: Any text, such as a file name.

    Example:
        >>> visible('a\x00b'), visible('n\udcff')
        ('a\\x00b', 'n\\xff')
    """
    return ''.join(map(_visible, text))


def _visible(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        # How Python stores a byte of a file name that is no UTF-8.
        return f'\\x{code - 0xDC00:02x}'
    kind = unicodedata.category(char)
    hidden = kind in ('Cc', 'Cs') and char not in '\n\t'
    if hidden or _DIRECTIONS.match(char):
        return f'\\x{code:02x}' if code < 256 else f'\\u{code:04x}'
    return char


def escaped(text: str) -> Markup:
    """Return a text as HTML that shows it; markup stays as it is.

    Args:
        text: Any text.

    Example:
        >>> escaped('<b> & "c"')
        '&lt;b&gt; &amp; &quot;c&quot;'
    """
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(visible(text), quote=True))


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
    if tag in ('br', 'img', 'meta'):
        return Markup(begin)
    return Markup(f'{begin}{"".join(map(escaped, content))}</{tag}>')


def name_element(text: str) -> Markup:
    """Return an element with a name from outside.

    Right-to-left text in it does not reorder what stands beside it.

    Args:
        text: The name.
    """
    return element('bdi', text)
