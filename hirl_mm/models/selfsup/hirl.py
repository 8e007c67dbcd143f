import torch
from mmpretrain.models.selfsup import (
    BaseSelfSupervisor,
    MoCo,
    MoCoV3,
    SimSiam,
)
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from hirl_mm.models.utils import FirstOutput
from hirl_mm.registry import MODELS
from hirl_mm.structures import PrototypeTree


class HIRLAlgorithm(BaseSelfSupervisor):
    """Base of the methods that learn a hierarchy beside their own loss.

    A subclass names an algorithm of mmpretrain as its second base and keeps
    all of it: parameters, state-dict keys, hooks. HIRL adds a head
    (``spd_head.*``) and, once :meth:`set_tree` was called, its loss. Which
    epoch that is, and the tree, are the business of
    :class:`~hirl_mm.engine.hooks.HierarchicalKMeansHook`.

    Args:
        *args: Of the algorithm.
        spd_head: Config of the :class:`~hirl_mm.models.heads.SPDHead`.
        **kwargs: Of the algorithm.

    Attributes:
        z0_module: Dotted path of the submodule whose first output in a
            training step is z0, the embedding of view 0.
        momentum_module: Name of the moving average of backbone and neck
            whose features are clustered; None to cluster those of the
            trained network.
    """

    z0_module = 'neck'
    momentum_module: str | None = None

    def __init__(self, *args, spd_head: dict, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.spd_head = MODELS.build(spd_head)
        self.tree: PrototypeTree | None = None

    def set_tree(self, tree: PrototypeTree | None) -> None:
        """Train on this tree from now on; on none, without the SPD loss."""
        device = next(self.parameters()).device
        self.tree = tree if tree is None else tree.to(device)

    def init_weights(self) -> None:
        """Initialise, and start the moving average from the trained network.

        MMPreTrain copies at the first training step; a tree of the first
        epoch would be built from weights that no one trained or loaded.
        """
        super().init_weights()
        if self.momentum_module is not None:
            average = self.get_submodule(self.momentum_module).module
            average.load_state_dict(self._online_network().state_dict())

    def extract_z0(self, inputs: Tensor) -> Tensor:
        """The features to cluster: images (B, 3, H, W) to (B, D)."""
        if self.momentum_module is None:
            return self._online_network()(inputs)[0]
        return self.get_submodule(self.momentum_module)(inputs)[0]

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs,
    ) -> dict[str, Tensor]:
        """The losses of a training step.

        Args:
            inputs: The views, tensors (B, 3, H, W).
            data_samples: B samples with their ``sample_idx``.

        Returns:
            The algorithm's losses, its ``loss`` renamed ``loss_ssl``, since
            the log shows the total under ``loss``; ``z0_std``, the mean over
            dimensions of the standard deviation of the normalised z0 in the
            batch (1 / sqrt(D) when spread evenly, 0 when collapsed); and with
            a tree ``loss_spd``.

        Raises:
            ValueError: If the samples carry no index; with or without a tree,
                so that it shows at the first step.
        """
        sample_idx = _sample_idx_of(data_samples)
        with FirstOutput(self, self.z0_module) as tap:
            losses = super().loss(inputs, data_samples, **kwargs)
        if 'loss' in losses:
            losses['loss_ssl'] = losses.pop('loss')
        z0 = tap.output[: len(data_samples)]
        with torch.no_grad():
            unit = nn.functional.normalize(z0.float(), dim=1)
            losses['z0_std'] = unit.std(dim=0, correction=0).mean()
        if self.tree is not None:
            leaf = self.tree.leaf[sample_idx.to(z0.device)]
            losses.update(self.spd_head.loss(z0, leaf, self.tree))
        return losses

    def _online_network(self) -> nn.Sequential:
        return nn.Sequential(self.backbone, self.neck)


def _sample_idx_of(data_samples: list[DataSample]) -> Tensor:
    if not all('sample_idx' in sample for sample in data_samples):
        raise ValueError(
            'HIRL looks up the path of an image by its sample_idx, which the '
            "data pipeline does not pack: leave 'sample_idx' in the meta_keys "
            'of PackInputs, where it is by default'
        )
    return torch.tensor([sample.sample_idx for sample in data_samples])


@MODELS.register_module()
class HIRLMoCo(HIRLAlgorithm, MoCo):
    """HIRL-MoCo v2; clusters the features of the key encoder."""

    momentum_module = 'encoder_k'


@MODELS.register_module()
class HIRLSimSiam(HIRLAlgorithm, SimSiam):
    """HIRL-SimSiam; clusters the features before the predictor."""


@MODELS.register_module()
class HIRLMoCoV3(HIRLAlgorithm, MoCoV3):
    """HIRL-MoCo v3; clusters the features of the momentum encoder."""

    momentum_module = 'momentum_encoder'
