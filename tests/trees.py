"""Trees of prototypes for tests."""

import torch
import torch.nn.functional as F

from hirl_mm.structures import PrototypeTree


def random_tree(nums, dim, num_samples=50, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return PrototypeTree(
        centroids=[
            F.normalize(torch.randn(n, dim, generator=generator), dim=1)
            for n in nums
        ],
        parents=[
            torch.randint(coarse, (fine,), generator=generator)
            for fine, coarse in zip(nums, nums[1:], strict=False)
        ],
        leaf=torch.randint(nums[0], (num_samples,), generator=generator),
        objective=[float(n) for n in nums],
    )


def blobs(num, dim, num_blobs, seed=0, spread=0.1):
    """Unit rows (num, dim) around random directions."""
    generator = torch.Generator().manual_seed(seed)
    centers = torch.randn(num_blobs, dim, generator=generator)
    noise = torch.randn(num, dim, generator=generator)
    picks = torch.randint(num_blobs, (num,), generator=generator)
    return F.normalize(F.normalize(centers)[picks] + spread * noise, dim=1)
