from collections.abc import Callable

from torch import Tensor, nn

from .projection_mlp import ProjectionMLP


class PathProjections(nn.ModuleList):
    """Projection heads of `HIRL <https://arxiv.org/abs/2205.13159>`_.

    One MLP per level of the tree maps the embedding z0 of a self-supervised
    method to z1 ... zL, which
    :func:`~hirl_mm.losses.semantic_path_loss` compares with the prototypes.
    They are used in pre-training only and removed afterwards.

    Args:
        channels: Dimension D of z0 and of every z^l.
        num_levels: Number of levels L of the tree, at least 1.
        num_layers: Number of linear layers of each MLP, at least 2; the paper
            uses 2, and 5 for MoCo v3.
        norm_layer: Function that returns the normalisation layer for a number
            of channels. The released heads use batch normalisation over the
            batch of one GPU.

    Raises:
        ValueError: If ``num_levels`` or ``num_layers`` is too small.

    Example:
        >>> import torch
        >>> z0 = torch.randn(4, 16)
        >>> [z.shape for z in PathProjections(16, num_levels=2)(z0)]
        [torch.Size([4, 16]), torch.Size([4, 16])]
    """

    def __init__(
        self,
        channels: int,
        num_levels: int = 3,
        num_layers: int = 2,
        norm_layer: Callable[[int], nn.Module] = nn.BatchNorm1d,
    ) -> None:
        if num_levels < 1 or num_layers < 2:
            raise ValueError(
                'num_levels must be at least 1 and num_layers at least 2, got '
                f'{num_levels} and {num_layers}'
            )
        super().__init__(
            ProjectionMLP(channels, channels, channels, num_layers, norm_layer)
            for _ in range(num_levels)
        )

    def forward(self, z0: Tensor) -> list[Tensor]:
        """Map z0 (B, D) to z1 ... zL, a list of L tensors (B, D)."""
        return [project(z0) for project in self]
