"""Samplers of training images, registered with MMEngine."""

from .hierarchical_sampler import HierarchicalSampler
from .neighbor_pair_sampler import NeighborPairSampler

__all__ = ['HierarchicalSampler', 'NeighborPairSampler']
