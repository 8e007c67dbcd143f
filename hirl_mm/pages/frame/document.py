"""The outermost elements of a page."""

from collections.abc import Sequence

from .text import html_text

# Nothing is loaded from a network, whatever the page contains. Browsers do
# not agree whether 'self' includes files, so their scheme is named.
_POLICY = (
    "default-src 'none'; img-src 'self' file: data:; "
    "style-src 'self' file:{inline}; script-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)


def html_document(
    title: str,
    body: str,
    *,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    inline_style: str = '',
) -> str:
    """Return the text of a page.

    The page forbids itself everything from a network, and scripts that are
    not files of their own.

    Args:
        title: Title of the page, any text.
        body: HTML of the body; names in it must have passed through
            :func:`html_text`.
        styles: Addresses of style sheets.
        scripts: Addresses of scripts, which run in this order when the page
            has been read.
        inline_style: Content of a style sheet inside the page.

    Example:
        >>> print(html_document('A & B', '<p>text</p>'))  # doctest: +ELLIPSIS
        <!DOCTYPE html>
        <html lang="en">
        ...
        <title>A &amp; B</title>
        ...
    """
    policy = _POLICY.format(inline=" 'unsafe-inline'" if inline_style else '')
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f'<title>{html_text(title)}</title>',
        *(f'<link rel="stylesheet" href="{html_text(s)}">' for s in styles),
        *(f'<script defer src="{html_text(s)}"></script>' for s in scripts),
    ]
    if inline_style:
        head.append(f'<style>{inline_style}</style>')
    return '\n'.join(
        [
            '<!DOCTYPE html>',
            '<html lang="en">',
            '<head>',
            *head,
            '</head>',
            '<body>',
            body,
            '</body>',
            '</html>',
            '',
        ]
    )
