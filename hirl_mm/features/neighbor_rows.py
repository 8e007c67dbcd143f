import torch
from torch import Tensor

from .nearest import nearest_neighbors


def neighbor_table_of(features, k, *, sample_idx, num_samples) -> Tensor:
    table = torch.empty(num_samples, k, dtype=torch.long)
    table[sample_idx] = sample_idx[nearest_neighbors(features, k)]
    return table
