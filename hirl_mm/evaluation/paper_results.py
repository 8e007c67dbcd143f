"""Results of papers, by the recipes of this project."""

import re

from .papers import csml, csml_ablations, hccl, hccl_ablations, hirl, ssprl
from .papers.table import Key, PaperCell, PaperTable

HCCL_TABLES = dict(sorted((hccl.TABLES | hccl_ablations.TABLES).items()))

CSML_TABLES = csml.TABLES | csml_ablations.TABLES

SSPRL_TABLES = ssprl.TABLES

# Of two figures of one recipe and protocol, the first one counts.
_TABLES = (
    hirl.TABLE,
    *HCCL_TABLES.values(),
    *CSML_TABLES.values(),
    *SSPRL_TABLES.values(),
)
_RECIPE = re.compile(
    r'(?P<method>[a-z0-9-]+)_[a-z0-9-]+_\d+xb\d+(?P<words>(-[a-z0-9.]+)*)'
    r'-(?P<epochs>\d+e)_(?P<data>in1k|coco14)'
)
# They do not change what a paper would report, nor do the batch size and the
# number of GPUs.
_NEUTRAL = {'mcrop', 'amp', 'coslr', 'fast', 'bank'}
# Methods whose paper reports results with and without small crops.
_WITH_AND_WITHOUT = {'csml'}


def recipe_key(recipe: str) -> str:
    """Return the method, the variant, the epochs and the data of a recipe.

    Args:
        recipe: Name of a pre-training config without folder and suffix.

    Returns:
        The name without what the figures of papers do not depend on, and
        without ImageNet, on which most recipes train; empty if the config
        trains neither on ImageNet nor on COCO's train2014.

    Example:
        >>> recipe_key('hirl-mocov2_resnet50_8xb32-neg100-coslr-200e_in1k')
        'hirl-mocov2-neg100-200e'
        >>> recipe_key('ssprl_resnet50_2xb64-mcrop-coslr-200e_coco14')
        'ssprl-200e-coco14'
    """
    found = _RECIPE.fullmatch(recipe)
    if not found:
        return ''
    neutral = _NEUTRAL
    if found['method'] in _WITH_AND_WITHOUT:
        neutral = _NEUTRAL - {'mcrop'}
    words = [w for w in found['words'].split('-') if w and w not in neutral]
    data = [] if found['data'] == 'in1k' else [found['data']]
    return '-'.join([found['method'], *words, found['epochs'], *data])


def paper_figures(recipe: str) -> dict[Key, float]:
    """Return the results that papers report for a recipe.

    Args:
        recipe: Name of a pre-training config without folder and suffix, such
            as ``'dino_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k'``.

    Returns:
        Results in percent by protocol and figure; empty if no paper has any
        for the recipe, for example if it trains on other data than theirs.

    Example:
        >>> figures = paper_figures('mocov2_resnet50_8xb32-coslr-200e_in1k')
        >>> figures['kNN', 'best k']
        55.74
    """
    return {
        key: cell.value
        for key, (cell, _) in _cells(recipe).items()
        if cell.value is not None
    }


def paper_sources(recipe: str) -> dict[Key, str]:
    """Return where :func:`paper_figures` are from.

    Args:
        recipe: Name of a pre-training config without folder and suffix.

    Returns:
        Paper and table by protocol and figure.

    Example:
        >>> sources = paper_sources('simsiam_resnet50_16xb32-coslr-200e_in1k')
        >>> sources['linear', 'top-1'], sources['linear-90e', 'top-1']
        ('HIRL', 'HCCL, Table 1')
    """
    return {key: table.source for key, (_, table) in _cells(recipe).items()}


def _cells(recipe: str) -> dict[Key, tuple[PaperCell, PaperTable]]:
    wanted = recipe_key(recipe)
    found: dict[Key, tuple[PaperCell, PaperTable]] = {}
    for table in _TABLES:
        for cell in table.cells():
            if wanted and cell.recipe == wanted and cell.key:
                found.setdefault(cell.key, (cell, table))
    return found
