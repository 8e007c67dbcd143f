"""Features of data sets: extraction, storage and nearest neighbours."""

from .bank import FeatureBank
from .extraction import extract_features
from .finite import NonFiniteFeaturesError, check_finite
from .nearest import nearest_neighbors
from .neighbor_rows import neighbor_table_of
from .neighbors import top_k_neighbors
from .positives import draw_members, draw_neighbors
from .shard import Shard
from .store import (
    FeatureStoreError,
    merge_shards,
    open_features,
    remove_store,
    stored_facts,
    write_shard,
    write_shards,
)

__all__ = [
    'FeatureBank',
    'FeatureStoreError',
    'NonFiniteFeaturesError',
    'Shard',
    'check_finite',
    'draw_members',
    'draw_neighbors',
    'extract_features',
    'merge_shards',
    'nearest_neighbors',
    'neighbor_table_of',
    'open_features',
    'remove_store',
    'stored_facts',
    'top_k_neighbors',
    'write_shard',
    'write_shards',
]
