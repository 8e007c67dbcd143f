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


def tree_of(leaf, *parents):
    """A tree from the leaf of every sample and lists of parents."""
    nums = [len(p) for p in parents]
    nums.append(max(parents[-1] if parents else leaf) + 1)
    return PrototypeTree(
        centroids=[torch.zeros(num, 2) for num in nums],
        parents=[torch.tensor(p) for p in parents],
        leaf=torch.tensor(leaf),
    )
