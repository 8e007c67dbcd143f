import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from hirl_mm.heads import PathProjections
from hirl_mm.losses import sample_negative_leaves, semantic_path_loss
from hirl_mm.losses.semantic_path.loss import check_reduction
from hirl_mm.registry import MODELS
from hirl_mm.structures import PrototypeTree


@MODELS.register_module()
class SPDHead(BaseModule):
    """Semantic path discrimination of `HIRL <https://arxiv.org/abs/2205.13159>`_.

    :class:`~hirl_mm.heads.PathProjections` with the loss of their outputs.
    Used in pre-training only and dropped afterwards. Building it leaves the
    state of the random number generator as it was, so that a method and its
    HIRL variant of the same seed start from the same weights.

    Args:
        in_channels: Dimension D of z0 and of every z^l. A HIRLAlgorithm
            fills in that of its embedding; a head built alone needs it.
        num_levels: L.
        num_layers: Linear layers of each MLP; the paper uses 2, and 5 for
            MoCo v3.
        num_negatives: Negative paths per sample (N_neg); None for all.
        reduction: ``'paper'`` or ``'official'``, see
            :func:`~hirl_mm.losses.semantic_path_loss`.
        loss_weight: Factor of the loss; the paper adds it with weight 1.
        norm_cfg: Normalisation of the hidden layers. The released heads use
            plain BatchNorm over the batch of one GPU.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If ``in_channels`` is missing, a count is too small or the
            reduction is unknown.
    """

    def __init__(
        self,
        in_channels: int | None = None,
        num_levels: int = 3,
        num_layers: int = 2,
        num_negatives: int | None = 1000,
        reduction: str = 'paper',
        loss_weight: float = 1.0,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if in_channels is None:
            raise ValueError(
                'SPDHead needs in_channels, the dimension of the embedding z0 '
                'that it reads; only a HIRLAlgorithm that builds its head '
                'fills it in'
            )
        if num_negatives is not None and num_negatives < 1:
            raise ValueError(
                'num_negatives must be at least 1, or None for all paths but '
                f"the sample's own, got {num_negatives}"
            )
        check_reduction(reduction)
        self.in_channels = in_channels
        self.num_levels = num_levels
        self.num_negatives = num_negatives
        self.reduction = reduction
        self.loss_weight = loss_weight
        norm_cfg = norm_cfg or dict(type='BN1d')

        def norm_layer(channels: int) -> nn.Module:
            return build_norm_layer(norm_cfg, channels)[1]

        with torch.random.fork_rng(devices=[]):
            self.projections = PathProjections(
                in_channels, num_levels, num_layers, norm_layer
            )

    def init_weights(self) -> None:
        with torch.random.fork_rng(devices=[]):
            super().init_weights()

    def forward(self, z0: Tensor) -> Tensor:
        """Map z0, (B, D) or one of it per level, to z1 ... zL, (L, B, D)."""
        return self.projections(z0)

    def loss(
        self, z0: Tensor, leaf: Tensor, tree: PrototypeTree
    ) -> dict[str, Tensor]:
        """The loss of a batch.

        Args:
            z0: (B, D), with its graph; or (L, B, D), an embedding of its own
                for every level, the finest first.
            leaf: (B,) long, the leaf of every sample.
            tree: The prototypes.

        Returns:
            ``loss_spd``, a scalar.
        """
        negatives = None
        if self.num_negatives is not None:
            negatives = sample_negative_leaves(
                leaf, tree.num_prototypes[0], self.num_negatives
            )
        loss = semantic_path_loss(
            self(z0), tree, leaf, negatives, self.reduction
        )
        # A product with 1 would be two launches of a GPU.
        if self.loss_weight != 1:
            loss = self.loss_weight * loss
        return dict(loss_spd=loss)
