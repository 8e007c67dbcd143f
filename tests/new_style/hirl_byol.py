"""HIRL around a plain recipe."""

from mmengine.config import read_base

from hirl_mm.models import HIRLAlgorithm, SPDHead

with read_base():
    from .byol import *  # noqa: F403

model = dict(
    type=HIRLAlgorithm,
    algorithm=model,  # noqa: F405
    z0_module='neck',
    momentum_module='target_net',
    spd_head=dict(type=SPDHead, num_negatives=5),
)
