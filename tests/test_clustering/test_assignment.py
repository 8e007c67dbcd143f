import torch

from hirl_mm.clustering import kmeans
from hirl_mm.clustering.torch_assignment import assign_torch


def test_a_function_can_assign():
    """It is given the precision of the iterations, and fp32 at the end."""
    calls = []

    def assign(features, centroids, precision):
        calls.append(precision)
        return assign_torch(features, centroids, precision=precision)

    x = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    found = kmeans(x, 5, num_iters=3, backend=assign, precision='bf16')
    same = kmeans(x, 5, num_iters=3, backend='torch', precision='bf16')
    assert torch.equal(found[0], same[0]) and torch.equal(found[1], same[1])
    assert calls == ['bf16'] * 3 + ['fp32']
