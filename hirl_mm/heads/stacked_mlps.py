"""Several projection heads of one input, computed together."""

from collections.abc import Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hirl_mm.stack.triton_support import interprets

from .projection_mlp import ProjectionMLP

# Weights of one layer of all heads. Copying 4 MB into one tensor takes about
# as long as one launch (computed from the memory rate of an H200); the copies
# of larger layers would take longer than what they save.
_MOST_WEIGHTS = 2**20

# One tensor per layer.
_Layers = tuple[Tensor, ...]


class _PlainNorm(Protocol):
    """What a BatchNorm1d has for which :func:`_is_plain` is true."""

    eps: float
    momentum: float
    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor


def saves_launches(mlps: Sequence[ProjectionMLP], x: Tensor) -> bool:
    """Return whether :func:`stacked_mlps` can replace the loop, and is faster.

    It can for heads in training mode whose layers are plain
    :class:`torch.nn.Linear` and :class:`torch.nn.BatchNorm1d` without hooks;
    it is on a GPU, for heads of a few hundred dimensions.

    Args:
        mlps: Heads of the same sizes.
        x: (B, C), their input.
    """
    if x.device.type == 'cpu' and not interprets():
        return False
    first = mlps[0]
    norms = [norm for mlp in mlps for norm in mlp.norms()]
    linears = [linear for mlp in mlps for linear in mlp.linears()]
    most = max(linear.weight.numel() for linear in first.linears())
    return (
        len(mlps) * most <= _MOST_WEIGHTS
        and all(type(linear) is nn.Linear for linear in linears)
        and all(_is_plain(norm) for norm in norms)
        and len({(norm.eps, norm.momentum) for norm in norms}) == 1
        and not any(
            m._forward_hooks or m._forward_pre_hooks
            for m in (*mlps, *linears, *norms)
        )
    )


def _is_plain(norm: nn.Module) -> bool:
    return (
        type(norm) is nn.BatchNorm1d
        and norm.training
        and norm.affine
        and norm.track_running_stats
        and norm.momentum is not None
    )


def stacked_mlps(mlps: Sequence[ProjectionMLP], x: Tensor) -> Tensor:
    """Map one input by L heads, with one product per layer.

    Weights of a layer are stacked, and channels of all heads are normalised as
    those of one layer. Activations are stored channels first, (L * H, B), so
    that no layer has to copy them. Running statistics are updated like those
    of the single layers.

    Args:
        mlps: L heads of the same sizes for which :func:`saves_launches` may
            be true.
        x: (B, C), input of every head.

    Returns:
        (L, B, D).
    """
    layers = list(zip(*(mlp.linears() for mlp in mlps), strict=True))
    norms: list[tuple[_PlainNorm, ...]]
    norms = list(zip(*(mlp.norms() for mlp in mlps), strict=True))
    weights, biases, means, variances = _norm_parameters(norms)
    eps, momentum = norms[0][0].eps, norms[0][0].momentum
    num = len(mlps)
    out = torch.cat([linear.weight for linear in layers[0]]) @ x.T
    for layer in range(len(norms)):
        if layer:
            stacked = torch.stack([fc.weight for fc in layers[layer]])
            out = torch.bmm(stacked, out).flatten(0, 1)
        out = F.batch_norm(
            out[None],
            means[layer],
            variances[layer],
            weights[layer],
            biases[layer],
            training=True,
            momentum=momentum,
            eps=eps,
        )
        out = out.relu_().view(num, -1, len(x))
    _store_statistics(norms, (*means, *variances))
    stacked = torch.stack([fc.weight for fc in layers[-1]])
    bias = torch.stack([fc.bias for fc in layers[-1]])
    return torch.baddbmm(bias[:, None], out.mT, stacked.mT)


def _norm_parameters(
    norms: Sequence[Sequence[_PlainNorm]],
) -> tuple[_Layers, _Layers, _Layers, _Layers]:
    """Return weights, biases, means and variances of every layer, (L * H,).

    Means and variances are copies.
    """
    trained = [norm.weight for layer in norms for norm in layer]
    trained += [norm.bias for layer in norms for norm in layer]
    tracked = [norm.running_mean for layer in norms for norm in layer]
    tracked += [norm.running_var for layer in norms for norm in layer]
    num = len(norms)
    parameters = torch.cat(trained).view(2 * num, -1).unbind()
    statistics = torch.cat(tracked).view(2 * num, -1).unbind()
    return (
        parameters[:num],
        parameters[num:],
        statistics[:num],
        statistics[num:],
    )


@torch.no_grad()
def _store_statistics(
    norms: Sequence[Sequence[_PlainNorm]], updated: Sequence[Tensor]
) -> None:
    """Store updated means and variances of every layer in its heads."""
    flat = [norm for layer in norms for norm in layer]
    tracked = [norm.running_mean for norm in flat]
    tracked += [norm.running_var for norm in flat]
    num = len(norms[0])
    parts = [part for row in updated for part in row.view(num, -1).unbind()]
    torch._foreach_copy_(tracked, parts)
    torch._foreach_add_([norm.num_batches_tracked for norm in flat], 1)
