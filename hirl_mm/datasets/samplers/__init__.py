"""Samplers of training images, registered with MMEngine."""

from .neighbor_pair_sampler import NeighborPairSampler

__all__ = ['NeighborPairSampler']
