from collections.abc import Sequence

from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from hirl_mm.heads import LevelPredictors
from hirl_mm.losses import cross_level_loss
from hirl_mm.losses.level_wiring import Term, checked_wiring, cyclic_wiring
from hirl_mm.registry import MODELS

Levels = Sequence[Tensor]


@MODELS.register_module()
class CrossLevelHead(BaseModule):
    """The predictors and the loss of HCCL.

    Args:
        in_channels: Dimension D of a level and of a prediction.
        hid_channels: Dimension of the hidden layer of a predictor.
        num_levels: Number of levels n of the projector.
        predictions: For every prediction the predictor that makes it and the
            level that this predictor reads, see
            :class:`~hirl_mm.heads.LevelPredictors`; None for one predictor
            per level.
        weighting: Weights of the pairs of Eq. 6 of the paper: a name of
            :func:`~hirl_mm.losses.cross_level_loss`, by default
            ``'pseudocode'``, or n numbers.
        wiring: Other pairs than those of Eq. 6, as triples (prediction,
            target level, weight). All numbers count from 0; level 0 is the
            lowest, next to the backbone.
        norm_cfg: Normalisation of the hidden layers; None for SyncBN.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If there is no level; ``predictions`` or ``wiring`` names
            a level or a predictor that does not exist; there are weights of
            another number or sign; a prediction is not used; both
            ``weighting`` and ``wiring`` are given; or ``predictions`` needs a
            ``wiring``.
    """

    def __init__(
        self,
        in_channels: int = 2048,
        hid_channels: int = 512,
        num_levels: int = 2,
        predictions: Sequence[tuple[int, int]] | None = None,
        weighting: str | Sequence[float] | None = None,
        wiring: Sequence[Term] | None = None,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_levels < 1:
            raise ValueError(
                f'num_levels must be at least 1, got {num_levels}'
            )
        if predictions is None:
            predictions = [(level, level) for level in range(num_levels)]
        norm_cfg = norm_cfg or dict(type='SyncBN')

        def norm_layer(channels: int) -> nn.Module:
            return build_norm_layer(norm_cfg, channels)[1]

        self.in_channels = in_channels
        self.num_levels = num_levels
        self.predictors = LevelPredictors(
            in_channels, hid_channels, predictions, norm_layer
        )
        self._check_levels()
        self.wiring = self._wiring(weighting, wiring)

    def forward(self, levels: Levels) -> list[Tensor]:
        """Return the predictions (B, D) of one view's n levels (B, D)."""
        return self.predictors(levels)

    def loss(
        self, levels: tuple[Levels, Levels], targets: tuple[Levels, Levels]
    ) -> dict[str, Tensor]:
        """Return the loss of a batch.

        Args:
            levels: Of view a and of view b, the n projections (B, D) of the
                trained network, the lowest first.
            targets: The same of the network that gives the targets, which may
                be the trained one. They get no gradient.

        Returns:
            ``loss``, a scalar.
        """
        predictions = tuple(self(of_view) for of_view in levels)
        return dict(
            loss=cross_level_loss(predictions, targets, wiring=self.wiring)
        )

    def _check_levels(self) -> None:
        for _, level in self.predictors.reads:
            if level not in range(self.num_levels):
                raise ValueError(
                    f'predictions={self.predictors.reads} names level '
                    f'{level}, but there are {self.num_levels}, counted from '
                    f'0: use 0 to {self.num_levels - 1}, or more num_levels'
                )

    def _wiring(
        self,
        weighting: str | Sequence[float] | None,
        wiring: Sequence[Term] | None,
    ) -> list[Term]:
        count = len(self.predictors.reads)
        if wiring is None:
            if count != self.num_levels:
                raise ValueError(
                    f'there are {count} predictions and {self.num_levels} '
                    'levels: Eq. 6 needs equally many, so name the pairs in '
                    'wiring'
                )
            weighting = 'pseudocode' if weighting is None else weighting
            return cyclic_wiring(self.num_levels, weighting)
        if weighting is not None:
            raise ValueError(
                'weighting holds the weights of Eq. 6, but wiring has weights '
                'of its own: give one of the two'
            )
        terms = checked_wiring(wiring, count, self.num_levels)
        unused = set(range(count)) - {prediction for prediction, *_ in terms}
        if unused:
            raise ValueError(
                f'no term of wiring has prediction {min(unused)}, whose '
                'predictor would get no gradient: leave it out of '
                'predictions, or add a term'
            )
        return terms
