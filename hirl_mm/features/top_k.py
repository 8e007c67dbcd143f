from torch import Tensor


def stable_top_k(values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The ``k`` largest values of every row, ties to the smaller column.

    ``Tensor.topk`` chooses freely among equal values; this does not.

    Args:
        values: (Q, M).
        k: Number of values to select; all where M is smaller.

    Returns:
        Values (Q, k') in descending order and their columns (Q, k') long,
        with k' the smaller of k and M.

    Example:
        >>> import torch
        >>> stable_top_k(torch.tensor([[1., 3., 3., 2., 3.]]), 2)
        (tensor([[3., 3.]]), tensor([[1, 2]]))
    """
    k = min(k, values.size(1))
    top, idx = values.topk(k, dim=1)
    idx = idx.sort(dim=1).values
    top, order = values.gather(1, idx).sort(
        dim=1, descending=True, stable=True
    )
    idx = idx.gather(1, order)
    # topk chooses freely among equals on the border; only there sort in full
    tied = (values >= top[:, -1:]).sum(dim=1) > k
    if tied.any():
        full = values[tied].sort(dim=1, descending=True, stable=True).indices
        idx[tied] = full[:, :k]
    return top, idx
