"""Using a tree of prototypes: paths, retrieval, subsets, names of branches."""

from .assignment import (
    PathBlock,
    assign_paths,
    nearest_prototypes,
    path_similarities,
)
from .balance import balanced_counts
from .branch_names import (
    BranchVotes,
    PseudoLabels,
    branch_texts,
    count_votes,
    pseudo_labels,
)
from .branch_shares import LevelShares, level_shares
from .near_duplicates import duplicate_groups
from .outliers import OtherImages, least_similar, similarity_to_others
from .retrieval import Retrieved, nearest_images
from .selection import draw_balanced, draw_repeated

__all__ = [
    'BranchVotes',
    'LevelShares',
    'OtherImages',
    'PathBlock',
    'PseudoLabels',
    'Retrieved',
    'assign_paths',
    'balanced_counts',
    'branch_texts',
    'count_votes',
    'draw_balanced',
    'draw_repeated',
    'duplicate_groups',
    'least_similar',
    'level_shares',
    'nearest_images',
    'nearest_prototypes',
    'path_similarities',
    'pseudo_labels',
    'similarity_to_others',
]
