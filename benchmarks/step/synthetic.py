"""Batches and trees of random numbers in the shapes of real ones."""

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmpretrain.registry import TRANSFORMS
from mmpretrain.structures import DataSample

from benchmarks.step.method import Method
from hirl_mm.structures import PrototypeTree

NUM_IMAGES = 50_000
_MASKS = ('hirl_mm.BEiTBlockMask', 'hirl_mm.BlockMask')


def random_batch(
    method: Method, cfg: Config, full: bool, batch_size: int, device: str
) -> dict:
    """Return a batch as a data loader of the recipe would give it.

    Masks are drawn by the recipe's own transform, anew for every image.

    Args:
        method: Method, for the sizes of its views.
        cfg: Training config of the recipe.
        full: Whether views have the recipe's sizes.
        batch_size: Number of images B.
        device: Device of the views.

    Returns:
        ``inputs``, the views as bytes (B, 3, H, W), and ``data_samples``.
    """
    views = [
        torch.randint(
            256, (batch_size, 3, size, size), dtype=torch.uint8, device=device
        )
        for num, size in (method.views if full else method.small_views)
        for _ in range(num)
    ]
    masks = [
        TRANSFORMS.build(dict(step) | ({} if full else method.mask))
        for step in cfg.train_dataloader.dataset.pipeline
        if step['type'] in _MASKS
    ]
    samples = [random_sample(masks) for _ in range(batch_size)]
    return dict(inputs=views, data_samples=samples)


def random_sample(masks: list) -> DataSample:
    """Return a sample with an index and what the masks of BEiT or iBOT add."""
    sample = DataSample()
    sample.set_metainfo(dict(sample_idx=np.random.randint(NUM_IMAGES)))
    results = {}
    for mask in masks:
        results = mask.transform(results)
    if 'mask' in results:
        sample.set_mask(torch.from_numpy(results['mask']))
    if 'masked_patches' in results:
        sample.set_metainfo(dict(masked_patches=results['masked_patches']))
    return sample


def random_tree(num_prototypes: list[int], dim: int) -> PrototypeTree:
    """Return a tree of random directions, parents and leaves.

    Args:
        num_prototypes: Number of prototypes per level, from fine to coarse.
        dim: Dimensions of the prototypes.
    """
    nums = num_prototypes
    return PrototypeTree(
        centroids=[F.normalize(torch.randn(num, dim)) for num in nums],
        parents=[
            torch.randint(coarse, (fine,))
            for fine, coarse in zip(nums, nums[1:], strict=False)
        ],
        leaf=torch.randint(nums[0], (NUM_IMAGES,)),
    )
