"""The files of a page that do not depend on the tree."""

import shutil
from pathlib import Path

from hirl_mm.pages.frame import html_document

ASSETS = Path(__file__).parent / 'assets'
# In the order in which the page runs them.
SCRIPTS = (
    *('store.js', 'elements.js', 'trees.js', 'thumbnails.js', 'routes.js'),
    *('node_view.js', 'image_view.js', 'label_view.js', 'change_view.js'),
    *('outline.js', 'search.js', 'page.js'),
)
STYLES = 'page.css', 'outline.css', 'pictures.css'


def write_shell(folder: Path, title: str) -> None:
    """Write ``index.html`` with the scripts and style sheets that it names.

    Args:
        folder: Folder of the page.
        title: Title of the page, any text.
    """
    body = 'body.html'
    without_body = shutil.ignore_patterns(body)
    shutil.copytree(ASSETS, folder / 'assets', ignore=without_body)
    document = html_document(
        title,
        (ASSETS / body).read_text(),
        styles=[f'assets/{name}' for name in STYLES],
        scripts=[f'assets/{name}' for name in SCRIPTS],
    )
    (folder / 'index.html').write_text(document)
