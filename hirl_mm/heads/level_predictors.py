from collections.abc import Callable, Sequence

from torch import Tensor, nn

from .projection_mlp import ProjectionMLP


class LevelPredictors(nn.ModuleList):
    """The predictors of HCCL, one MLP of two layers per level.

    Args:
        channels: Dimension D of a level and of a prediction.
        hidden_channels: Dimension of the hidden layer.
        reads: For every prediction the predictor that makes it and the level
            that this predictor reads, both counted from 0. ``[(0, 0),
            (1, 1)]`` is HCCL with two levels; ``[(0, 0), (0, 1)]`` shares one
            predictor between two levels; ``[(0, 0), (1, 0)]`` gives one level
            two predictors.
        norm_layer: Function that returns the normalisation layer for a number
            of channels.

    Raises:
        ValueError: If there is no prediction, an entry of ``reads`` is not a
            pair or repeated, or predictors are not numbered 0, 1, 2, ...

    Example:
        >>> import torch
        >>> levels = torch.randn(2, 5, 8)
        >>> p1, p2 = LevelPredictors(8, 4, [(0, 0), (1, 1)])(levels)
        >>> p1.shape
        torch.Size([5, 8])
    """

    def __init__(
        self,
        channels: int,
        hidden_channels: int,
        reads: Sequence[tuple[int, int]],
        norm_layer: Callable[[int], nn.Module] = nn.BatchNorm1d,
    ) -> None:
        given = [tuple(pair) for pair in reads]
        if any(len(pair) != 2 for pair in given) or len(set(given)) < len(
            given
        ):
            raise ValueError(
                'reads must be different pairs (predictor, level), such as '
                f'[(0, 0), (1, 1)], got {given}'
            )
        used = sorted({predictor for predictor, _ in given})
        if not used or used != list(range(len(used))):
            raise ValueError(
                'predictors in reads must be numbered 0, 1, 2, ... without '
                f'gaps, got {given}'
            )
        super().__init__(
            ProjectionMLP(
                channels, hidden_channels, channels, norm_layer=norm_layer
            )
            for _ in used
        )
        self.reads = [(predictor, level) for predictor, level in given]

    def forward(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """Return the predictions (B, D) of one view's levels (B, D)."""
        return [self[predictor](levels[i]) for predictor, i in self.reads]
