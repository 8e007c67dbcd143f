"""MMEngine without the work that no test of this project asks about.

Imported by every process of the tests, except those that start as users
start them (:func:`tests.training_tool.start`).
"""

import ast
from functools import cache

import mmengine.config.config
import mmengine.config.utils
import yapf.yapflib.yapf_api


def _unformatted(text, **_):
    """What yapf gives, but for the layout: an error if it is no Python."""
    ast.parse(text)
    return text, True


# A config is formatted for the log, for the copy in the work folder and for
# every checkpoint, and each time yapf takes longer than a short epoch.
# MMEngine has the function since its import, its fork looks it up each time.
mmengine.config.config.FormatCode = _unformatted
yapf.yapflib.yapf_api.FormatCode = _unformatted

# For every base 'mmpretrain::...', MMEngine asks whether the package is there
# and reads all its metafiles. The answers of one process stay the same.
mmengine.config.config.is_installed = cache(
    mmengine.config.config.is_installed
)
mmengine.config.utils.load = cache(mmengine.config.utils.load)
