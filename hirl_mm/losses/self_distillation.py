import torch
from torch import Tensor


def at_least_float32(tensor: Tensor) -> Tensor:
    """Convert half precision to float32, and leave float64 unchanged."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


@torch.no_grad()
def teacher_probabilities(
    logits: Tensor, center: Tensor, temperature: float
) -> Tensor:
    """Centre and sharpen the outputs of the teacher, Eq. 1 and 4 of DINO.

    Args:
        logits: (..., K), outputs of the teacher.
        center: (K,), subtracted from the logits.
        temperature: Temperature of the teacher.

    Returns:
        (..., K) probabilities in float32 or better, detached.
    """
    with torch.autocast(logits.device.type, enabled=False):
        centred = at_least_float32(logits) - center
        return (centred / temperature).softmax(-1)


@torch.no_grad()
def mean_entropy(probabilities: Tensor) -> Tensor:
    """Return the mean entropy in nats of rows of probabilities (..., K)."""
    return torch.special.entr(probabilities).sum(-1).mean()


def view_distillation_loss(
    student: Tensor, teacher: Tensor, temperature: float
) -> Tensor:
    r"""Compute the cross entropy over pairs of different views, Eq. 3 of DINO.

    .. math::
        \frac{1}{B \cdot |\{s \neq t\}|} \sum_b \sum_{t} \sum_{s \neq t}
        -\langle q_{tb}, \log \mathrm{softmax}(x_{sb} / \tau) \rangle

    Since every q sums to 1, the term of a pair is
    :math:`\mathrm{lse}(x / \tau) - \langle q, x \rangle / \tau`. The views
    can be summed before the products, so that no tensor has a dimension for
    pairs. The loss is computed in float32 or better, also under autocast.

    Args:
        student: (S, B, K) logits of all views.
        teacher: (T, B, K) probabilities of the first T of these views,
            T <= S.
        temperature: Temperature of the student.

    Returns:
        A scalar.
    """
    num_views, num_targets = len(student), len(teacher)
    with torch.autocast(student.device.type, enabled=False):
        scaled = at_least_float32(student) / temperature
        partition = scaled.logsumexp(-1).mean(1)
        loss = num_targets * partition.sum() - partition[:num_targets].sum()
        agreement = (teacher.sum(0) * scaled.sum(0)).sum()
        agreement = agreement - (teacher * scaled[:num_targets]).sum()
        loss = loss - agreement / student.size(1)
    return loss / (num_targets * (num_views - 1))


def patch_distillation_loss(
    student: Tensor, teacher: Tensor, weight: Tensor, temperature: float
) -> Tensor:
    """Compute the weighted cross entropy of masked patches, Eq. 2 of iBOT.

    The loss is computed in float32 or better, also under autocast.

    Args:
        student: (M, K) logits of the masked patches.
        teacher: (M, K) probabilities of the same patches, not masked.
        weight: (M,) float, weight of every patch.
        temperature: Temperature of the student.

    Returns:
        The weighted sum, a scalar; 0 if there are no masked patches.
    """
    with torch.autocast(student.device.type, enabled=False):
        scaled = at_least_float32(student) / temperature
        loss = scaled.logsumexp(-1) - (teacher * scaled).sum(-1)
        return (loss * weight).sum()
