"""What all pages share: harmless text, data for scripts, and the document."""

from .document import html_document
from .pictures import picture_uri
from .script_data import script_json
from .text import html_text, shown_text

__all__ = [
    'html_document',
    'html_text',
    'picture_uri',
    'script_json',
    'shown_text',
]
