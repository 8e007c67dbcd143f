"""Names that the hooks of this project and MMEngine's logger log.

The one place where a report knows them: ``KNNProbeHook``, ``ThroughputHook``,
``EpochTimeHook``, ``FeatureHealthHook``, ``NeighborBankHook`` and
:func:`~hirl_mm.engine.trees.report.report_tree` write them.
"""

import re

# The accuracy on held-out images; else that on training images.
KNN = 'knn/top1'
HEALTH_KNN = 'health/knn'
IMAGES_PER_SECOND = 'images_per_second'
WAITING = 'waiting_share'
PEAK = 'peak_share'
ITERATION_TIME, DATA_TIME = 'time', 'data_time'
MEMORY = 'memory'
TREE_SECONDS = {
    'hirl/seconds_extract': 'features of all images',
    'hirl/seconds_cluster': 'clustering',
}
SPREAD = 'hirl/feature_spread'
# Figures of a level of the tree, by the end of their name.
USED, EMPTY, NUM = 'used', 'empty', 'K'
LARGEST, ENTROPY = 'largest_share', 'size_entropy'
OBJECTIVE, MOVED = 'objective', 'moved_share'
HEALTH = 'health/'
# Titles, units and factors of what FeatureHealthHook logs.
HEALTH_TITLES = {
    'health/effective_rank': ('Effective rank of the features', '', 1),
    'health/feature_spread': ('Spread of the features', '', 1),
    'health/knn': ('kNN accuracy on training images', '%', 1),
    'health/tree_use': ('Effective share of the prototypes in use', '%', 100),
}
NEIGHBORS = 'neighbors/'
# What a line of a training holds beside its scalars.
POSITION = {'epoch', 'iter', 'step'}

_LEVEL = re.compile(r'hirl/level(\d+)_K')


def level_scalar(level: int, figure: str) -> str:
    """Return the name of a figure of a level of the tree.

    Args:
        level: Level, 0 for the finest.
        figure: One of the constants of this module, such as ``USED``.
    """
    return f'hirl/level{level}_{figure}'


def levels_in(names: set[str]) -> list[int]:
    """Return the levels of the trees of a log, from fine to coarse.

    Args:
        names: Names of all scalars of the log.
    """
    found = map(_LEVEL.fullmatch, names)
    return sorted(int(match[1]) for match in found if match)


def is_loss(name: str) -> bool:
    """Return whether MMEngine adds a scalar to the loss, or is the loss."""
    return 'loss' in name and '/' not in name


def is_rate(name: str) -> bool:
    """Return whether a scalar is a learning rate or a momentum."""
    return name in ('lr', 'base_lr', 'momentum')
