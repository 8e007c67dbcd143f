from torch import Tensor


def stable_top_k(values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the ``k`` largest values of every row, with stable ties.

    Among equal values the one in the first column is selected, while
    ``Tensor.topk`` may select any of them.

    Args:
        values: (Q, M) values.
        k: Number of values to select per row; if M is smaller, all values
            are selected.

    Returns:
        Values (Q, k') in descending order and their columns (Q, k') long,
        where k' = min(k, M).

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
    # topk may drop any of several values equal to the k-th largest one. Only
    # rows with such ties are sorted in full.
    tied = (values >= top[:, -1:]).sum(dim=1) > k
    if tied.any():
        full = values[tied].sort(dim=1, descending=True, stable=True).indices
        idx[tied] = full[:, :k]
    return top, idx
