from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, cast

import torch
from mmengine.model import ExponentialMovingAverage
from mmpretrain.models.selfsup import MoCo
from mmpretrain.models.utils import batch_shuffle_ddp, batch_unshuffle_ddp
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from hirl_mm.models.heads import CrossSampleHead
from hirl_mm.models.modules import (
    FirstOutput,
    KeyQueue,
    PushesKeys,
    batch_per_resolution,
    check_least_views,
    images_of_groups,
)
from hirl_mm.models.necks import StageBranches
from hirl_mm.registry import MODELS

from .stages import branches_of_stages
from .takes_positives import TakesPositives


@MODELS.register_module()
class CsMl(TakesPositives, PushesKeys, MoCo):
    """MoCo v2 with cross-sample positives and multi-level branches.

    `CsMl <https://arxiv.org/abs/2012.02733>`_ (Seed the Views). A batch has
    anchors and their positives, from a
    :class:`~hirl_mm.datasets.samplers.NeighborPairSampler`. The first view of
    every image is a query, the second a key of the momentum encoder. An image
    is pulled to the keys of all images of its group, and a mix of anchor and
    first positive to the keys of both. All of this also happens at inner
    stages of the ResNet, which have branches, averages of these and queues of
    their own. As in the released code, only keys of anchors go into the
    queues, and every kind of image is a batch of its own in batch
    normalisation.

    Args:
        head: Config of a :class:`~hirl_mm.models.heads.CrossSampleHead`.
        num_positives: Positives per anchor, as in the sampler.
        mix: Config of a
            :class:`~hirl_mm.models.modules.pair_mixing.PairCutMix` or
            ``PairMixUp``; None not to mix.
        branches: Config of
            :class:`~hirl_mm.models.necks.StageBranches`; None for the last
            stage alone.
        local_crops: Whether the views after the first two are local crops.
            Those of anchors are further queries, those of positives are not
            used.
        **kwargs: Arguments of MMPreTrain's ``MoCo``.

    Raises:
        ValueError: If ``num_positives`` is less than 1, or the backbone has
            no such stage.
    """

    neck: nn.Module
    head: CrossSampleHead
    encoder_k: ExponentialMovingAverage
    queue_len: int

    def __init__(
        self,
        *args: Any,
        num_positives: int = 1,
        mix: dict | None = None,
        branches: dict | None = None,
        local_crops: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.take_positives(num_positives, mix)
        self.local_crops = local_crops
        self.own_keys = nn.Identity()
        self.branches = branches_of_stages(branches, self.backbone)
        if self.branches is not None:
            momentum = self.encoder_k.momentum
            self.branches_k = ExponentialMovingAverage(self.branches, momentum)
            dim = self.branches.out_channels
            queues = [
                KeyQueue(dim, self.queue_len) for _ in self.branches.stages
            ]
            # The type of a ModuleList does not say what it holds.
            self.branch_queues = cast(
                Sequence[KeyQueue], nn.ModuleList(queues)
            )

    @property
    def key_backbone(self) -> nn.Module:
        """The moving average of the backbone."""
        return self.encoder_k.module[0]

    def average_sources(self) -> dict[str, str]:
        sources = super().average_sources()
        if self.branches is not None:
            sources['branches_k.module.'] = 'branches.'
        return sources

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Return the losses of a training step.

        Args:
            inputs: The views, a tensor (B * G, 3, H, W) each, with the
                positives of an anchor behind it.
            data_samples: Unused.
            **kwargs: Unused.

        Returns:
            ``loss`` of the last stage, and ``loss_stage2`` and so on of the
            branches.

        Raises:
            ValueError: If there are too few views, or the batch does not
                consist of groups.
        """
        check_least_views(inputs, 2)
        images = images_of_groups(inputs, self.group_size)
        queries = [self.embed(views[0]) for views in images]
        mixed, share = None, 1.0
        if self.mix is not None:
            mixed_images, share = self.mix(images[0][0], images[1][0])
            mixed = self.embed(mixed_images)
        local = self._embed_local(images[0][2:]) if self.local_crops else []
        with torch.no_grad():
            self.move_averages()
            keys = [self.embed_keys(views[1]) for views in images]
        losses = {}
        for level, (name, negatives) in enumerate(self._negatives().items()):
            losses[name] = self.head.loss(
                [query[level] for query in queries],
                [key[level] for key in keys],
                negatives,
                mixed=None if mixed is None else mixed[level],
                share=share,
                local=[crop[level] for crop in local],
            )
        self._enqueue(keys[0])
        return losses

    def embed(self, images: Tensor) -> list[Tensor]:
        """Embed images (B, 3, H, W) by the trained network.

        Returns:
            Embeddings (B, D) with rows of unit length: of the last stage, then
            of every branch.
        """
        return self._embed(images, 'backbone', self.neck, self.branches)

    def embed_keys(self, images: Tensor) -> list[Tensor]:
        """Embed images by the momentum encoder, shuffled over all ranks.

        Returns:
            As :meth:`embed`, in the order of ``images``.
        """
        images, order = batch_shuffle_ddp(images)
        average = self.branches_k.module if self.branches is not None else None
        keys = self._embed(
            images, 'encoder_k.module.0', self.encoder_k.module[1], average
        )
        return [batch_unshuffle_ddp(key, order) for key in keys]

    def move_averages(self) -> None:
        """Update the averages of backbone, neck and branches."""
        network = nn.Sequential(self.backbone, self.neck)
        self.encoder_k.update_parameters(network)
        if self.branches is not None:
            self.branches_k.update_parameters(self.branches)

    def _embed(
        self,
        images: Tensor,
        backbone: str,
        neck: nn.Module,
        branches: StageBranches | None,
    ) -> list[Tensor]:
        stages = () if branches is None else branches.stages
        with ExitStack() as stack:
            taps = [
                stack.enter_context(
                    FirstOutput(self, f'{backbone}.layer{stage}')
                )
                for stage in stages
            ]
            embeddings = [neck(self.get_submodule(backbone)(images))[0]]
        if branches is not None:
            embeddings += branches([tap.output for tap in taps])
        return [nn.functional.normalize(e, dim=1) for e in embeddings]

    def _embed_local(self, crops: list[Tensor]) -> list[list[Tensor]]:
        """Embed local crops, those of one size in one batch."""
        embedded = []
        for batch in batch_per_resolution(crops):
            num = len(batch) // len(crops[0])
            levels = [level.chunk(num) for level in self.embed(batch)]
            embedded += [list(crop) for crop in zip(*levels, strict=True)]
        return embedded

    def _negatives(self) -> Mapping[str, Tensor]:
        """Return the negatives (N, D) of every level by name of its loss."""
        negatives = dict(loss=self.queue.T)
        if self.branches is not None:
            for stage, queue in zip(
                self.branches.stages, self.branch_queues, strict=True
            ):
                negatives[f'loss_stage{stage}'] = queue.queue.T
        return negatives

    def _enqueue(self, keys: list[Tensor]) -> None:
        self.push(self.own_keys(keys[0]))
        if self.branches is not None:
            for queue, of_level in zip(
                self.branch_queues, keys[1:], strict=True
            ):
                queue.push(of_level)
