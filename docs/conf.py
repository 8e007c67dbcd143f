"""Settings of the documentation site, which ``docs/build_site.py`` builds."""

import os
import sys
from pathlib import Path

# The pages are copied to build/docs-source, beside the root of the checkout.
sys.path.insert(0, str(Path(os.environ['HIRL_MM_ROOT'])))
os.environ.setdefault('MPLBACKEND', 'Agg')

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

from hirl_mm import __version__

project = 'hirl_mm'
release = version = __version__
copyright = 'the authors of hirl_mm'

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx.ext.napoleon',
    'sphinx_copybutton',
]
# Links to headings, as GitHub names them.
myst_heading_anchors = 4
# Reports begin with headings of the second level.
suppress_warnings = ['myst.header']
templates_path = ['templates']

autodoc_default_options = {
    'members': True,
    'imported-members': True,
    'member-order': 'bysource',
}
python_use_unqualified_type_names = True
autosummary_imported_members = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = 'furo'
html_title = f'hirl_mm {__version__}'
html_show_sourcelink = False
html_math_renderer = 'mathml'


def setup(app) -> None:
    """Write formulas as MathML, which browsers show without a network."""

    def inline(writer, node) -> None:
        writer.body.append(convert(node.astext()))
        raise SkipNode

    def block(writer, node) -> None:
        formula = convert(node.astext(), display='block')
        writer.body.append(f'<div class="math">{formula}</div>')
        raise SkipNode

    app.add_html_math_renderer('mathml', (inline, None), (block, None))
