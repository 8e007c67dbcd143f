from collections.abc import Callable

from torch import Tensor, nn

from .projection_mlp import ProjectionMLP


class LevelProjections(nn.ModuleList):
    """The hierarchical projection head of HCCL.

    A chain of MLPs whose every output is a level: :math:`z_1 = G_1(y)` and
    :math:`z_i = G_i(z_{i-1})`. The last layer of an MLP is linear, with
    neither normalisation nor activation behind it.
    :func:`~hirl_mm.losses.cross_level_loss` compares the levels of two views.

    Args:
        in_channels: Dimension C of the backbone's features y.
        hidden_channels: Dimension of the hidden layers.
        out_channels: Dimension D of every level.
        num_levels: Number of levels n, at least 1.
        num_layers: Linear layers of each level, at least 2; the paper has 3.
        norm_layer: Function that returns the normalisation layer for a number
            of channels.

    Raises:
        ValueError: If ``num_levels`` or ``num_layers`` is too small.

    Example:
        >>> import torch
        >>> z1, z2 = LevelProjections(8, 16, 4)(torch.randn(5, 8))
        >>> z1.shape, z2.shape
        (torch.Size([5, 4]), torch.Size([5, 4]))
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        num_levels: int = 2,
        num_layers: int = 3,
        norm_layer: Callable[[int], nn.Module] = nn.BatchNorm1d,
    ) -> None:
        if num_levels < 1:
            raise ValueError(
                f'num_levels must be at least 1, got {num_levels}'
            )
        sizes = [in_channels] + [out_channels] * (num_levels - 1)
        super().__init__(
            ProjectionMLP(
                size, hidden_channels, out_channels, num_layers, norm_layer
            )
            for size in sizes
        )

    def forward(self, y: Tensor) -> tuple[Tensor, ...]:
        """Map features (B, C) to n levels (B, D), the lowest first."""
        levels = []
        for project in self:
            y = project(y)
            levels.append(y)
        return tuple(levels)
