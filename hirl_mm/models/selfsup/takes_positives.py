from hirl_mm.models.modules import PairMix, StartsAverages
from hirl_mm.registry import MODELS


class TakesPositives(StartsAverages):
    """Base class of methods whose images have positives behind them.

    A batch is that of a
    :class:`~hirl_mm.datasets.samplers.NeighborPairSampler`: the positives of
    an anchor follow it.

    Attributes:
        num_positives: Number of positives per anchor.
        mix: Function that mixes anchors and positives; None not to mix.
    """

    @property
    def group_size(self) -> int:
        """Number of images per anchor, including the anchor."""
        return 1 + self.num_positives

    def take_positives(self, num_positives: int, mix: dict | None) -> None:
        """Set the attributes.

        Args:
            num_positives: Number of positives per anchor.
            mix: Config of a
                :class:`~hirl_mm.models.modules.pair_mixing.PairCutMix` or
                ``PairMixUp``; None not to mix.

        Raises:
            ValueError: If ``num_positives`` is less than 1.
        """
        if num_positives < 1:
            raise ValueError(
                f'num_positives must be at least 1, got {num_positives}'
            )
        self.num_positives = num_positives
        self.mix: PairMix | None = None if mix is None else MODELS.build(mix)
