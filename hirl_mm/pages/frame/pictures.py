"""Pictures inside of a page."""

import base64


def picture_uri(content: bytes, media_type: str) -> str:
    """Return a picture as the address of an ``img`` element.

    Args:
        content: Content of the file of the picture.
        media_type: Its type, such as ``'image/png'`` or ``'image/svg+xml'``.

    Example:
        >>> picture_uri(b'abc', 'image/png')
        'data:image/png;base64,YWJj'
    """
    return f'data:{media_type};base64,{base64.b64encode(content).decode()}'
