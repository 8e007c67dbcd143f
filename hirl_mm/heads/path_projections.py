from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from .projection_mlp import ProjectionMLP
from .stacked_mlps import saves_launches, stacked_mlps


class PathProjections(nn.ModuleList):
    """Projection heads of `HIRL <https://arxiv.org/abs/2205.13159>`_.

    One MLP per level of the tree maps the embedding z0 of a self-supervised
    method to z1 ... zL, which
    :func:`~hirl_mm.losses.semantic_path_loss` compares with the prototypes.
    They are used in pre-training only and removed afterwards. On a GPU a layer
    of all MLPs is computed as one, if its products are small and its
    normalisation is plain batch normalisation.

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
        >>> z0 = torch.randn(4, 16)
        >>> z1, z2 = PathProjections(16, num_levels=2)(z0)
        >>> z1.shape
        torch.Size([4, 16])
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

    def forward(self, z0: Tensor) -> Tensor:
        """Map embeddings to the levels of the tree.

        Args:
            z0: (B, D), which all projections read; or (L, B, D), an embedding
                of its own for every level.

        Returns:
            z1 ... zL, (L, B, D).
        """
        # The type of a ModuleList does not say of what it is a list.
        mlps: Sequence[ProjectionMLP] = self  # type: ignore[assignment]
        if z0.ndim == 3:
            pairs = zip(mlps, z0, strict=True)
            return torch.stack([project(own) for project, own in pairs])
        if saves_launches(mlps, z0):
            return stacked_mlps(mlps, z0)
        return torch.stack([project(z0) for project in mlps])
