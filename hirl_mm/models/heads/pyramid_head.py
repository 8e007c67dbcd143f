from collections.abc import Iterable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from hirl_mm.losses import cross_scale_loss, pyramid_loss
from hirl_mm.models.modules import (
    EmbeddingQueue,
    PrototypeUse,
    assign_with_queue,
    current_epoch,
)
from hirl_mm.registry import MODELS

from .pyramid_arguments import check_options, check_scales


@MODELS.register_module()
class PyramidHead(BaseModule):
    r"""Prototypes and losses of SS-PRL on all scales.

    Scale 0 has whole views, scale s > 0 the patches of a grid. Each scale has
    prototypes of its own, and each scale of patches a correlation learner, a
    linear map from its prototypes to those of scale 0. The loss is the sum of
    :func:`~hirl_mm.losses.pyramid_loss` and, weighted,
    :func:`~hirl_mm.losses.cross_scale_loss`. With one scale, it is that of
    SwAV. The losses and the assignments are computed in float32, even under
    autocast; values and gradients do not depend on the number of processes
    that share a batch.

    Args:
        feat_dim: Dimension D of the embeddings.
        num_prototypes: Number of prototypes of every scale, K_0, K_1, ...
        num_patches: Number of patches of every scale of patches, M_1, M_2,
            ...
        num_crops: Number of whole views of each resolution, of which the
            first two are assigned. Their sum is V.
        weights: Weight of every scale in the pyramid loss
            (:math:`\alpha_s`) and in the cross-scale loss
            (:math:`\beta_s`); both are equal in the paper.
        cross_weight: Weight :math:`\lambda` of the cross-scale loss; 0 to
            train without correlation learners.
        shared_prototypes: Whether all scales have the same prototypes, the
            baseline of Table S-C.
        epsilon: Temperature of the scores in the assignment, see
            :func:`~hirl_mm.losses.sinkhorn`.
        temperature: Temperature :math:`\tau` of the predictions.
        num_iters: Number of iterations of the assignment.
        reduction: ``'official'`` or ``'paper'``, see the losses.
        g_input: Input of the correlation learners, ``'logits'`` or
            ``'prob'``, see :func:`~hirl_mm.losses.cross_scale_loss`.
        cross_pairs: Views that patches predict, ``'all'`` or ``'matched'``,
            see there.
        queue_lengths: Number of earlier embeddings of every scale, of all
            ranks together, that take part in the assignment: a multiple of
            the global batch of images, and at least the patches of one batch.
            None, or 0 for a scale, to train without.
        queue_start_epoch: First epoch, counted from 0, in which the queues
            are filled. Each is used as soon as it is full.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If the numbers of scales do not fit each other, or an
            argument is out of range.
    """

    def __init__(
        self,
        feat_dim: int,
        num_prototypes: Sequence[int] = (300, 150, 150),
        num_patches: Sequence[int] = (4, 9),
        num_crops: Sequence[int] = (2, 6),
        weights: Sequence[float] = (1.0, 0.25, 0.25),
        cross_weight: float = 1.0,
        shared_prototypes: bool = False,
        epsilon: float = 0.05,
        temperature: float = 0.1,
        num_iters: int = 3,
        reduction: str = 'official',
        g_input: str = 'logits',
        cross_pairs: str = 'all',
        queue_lengths: Sequence[int] | None = None,
        queue_start_epoch: int = 80,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        lengths = queue_lengths or [0] * len(num_prototypes)
        check_scales(
            num_prototypes,
            num_patches,
            num_crops,
            weights,
            lengths,
            shared_prototypes,
        )
        check_options(
            reduction,
            g_input,
            cross_pairs,
            feat_dim=feat_dim,
            epsilon=epsilon,
            temperature=temperature,
            num_iters=num_iters,
        )
        self.feat_dim = feat_dim
        self.num_patches = tuple(num_patches)
        self.num_crops = tuple(num_crops)
        self.weights = tuple(weights)
        self.cross_weight = cross_weight
        self.epsilon = epsilon
        self.temperature = temperature
        self.num_iters = num_iters
        self.reduction = reduction
        self.g_input = g_input
        self.cross_pairs = cross_pairs
        self.queue_start_epoch = queue_start_epoch
        own = num_prototypes[:1] if shared_prototypes else num_prototypes
        self.prototypes = _linears((feat_dim, num) for num in own)
        self.uses = [PrototypeUse() for _ in self.weights]
        self.correlations = _linears(
            (num, num_prototypes[0])
            for num in num_prototypes[1:]
            if cross_weight > 0
        )
        self.queues = nn.ModuleList(
            EmbeddingQueue(2, length, feat_dim) if length else nn.Identity()
            for length in lengths
        )

    @property
    def num_scales(self) -> int:
        """Number of scales, including scale 0."""
        return len(self.weights)

    @property
    def num_views(self) -> tuple[int, ...]:
        """Number of views or patches of an image on every scale."""
        return sum(self.num_crops), *(2 * num for num in self.num_patches)

    def prototypes_of(self, scale: int) -> nn.Linear:
        """Return the prototypes of a scale."""
        return self.prototypes[scale if len(self.prototypes) > 1 else 0]

    def loss(self, embeddings: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return the losses of a batch and add the batch to the queues.

        The rows of all prototypes and correlation learners are L2-normalised
        in place before the losses are computed.

        Args:
            embeddings: One tensor (V_s * B, D) per scale, L2-normalised: of
                scale 0 all images of view 0 first, then those of view 1, and
                so on; of a scale of patches all images of patch 0 of the
                first group, then those of patch 1, and so on, then those of
                the second group.

        Returns:
            ``loss_pyramid`` and, if there are correlation learners,
            ``loss_cross_scale``, scalars that are means over the batch of
            this rank.

        Raises:
            ValueError: If a queue does not fit the batch.
        """
        batch_size = len(embeddings[0]) // sum(self.num_crops)
        self._check_queues(batch_size)
        self.normalize()
        groups = sum(self.num_crops), *(2 for _ in self.num_patches)
        with torch.autocast(embeddings[0].device.type, enabled=False):
            embeddings = [
                of_scale.float().unflatten(0, (num, -1))
                for of_scale, num in zip(embeddings, groups, strict=True)
            ]
            scores = [
                self.prototypes_of(scale)(of_scale)
                for scale, of_scale in enumerate(embeddings)
            ]
            assignments = [
                self._assign(scale, embeddings[scale], scores[scale])
                for scale in range(self.num_scales)
            ]
            logits = [of_scale / self.temperature for of_scale in scores]
            losses = dict(
                loss_pyramid=pyramid_loss(
                    logits, assignments, self.weights, self.reduction
                )
            )
            if len(self.correlations):
                losses['loss_cross_scale'] = (
                    self.cross_weight
                    * cross_scale_loss(
                        [
                            of_scale.unflatten(1, (-1, batch_size))
                            for of_scale in scores[1:]
                        ],
                        assignments[0],
                        [map_.weight for map_ in self.correlations],
                        self.weights[1:],
                        temperature=self.temperature,
                        g_input=self.g_input,
                        pairs=self.cross_pairs,
                        reduction=self.reduction,
                    )
                )
        return losses

    @torch.no_grad()
    def normalize(self) -> None:
        """L2-normalise the rows of prototypes and correlation learners."""
        for layer in (*self.prototypes, *self.correlations):
            layer.weight.copy_(F.normalize(layer.weight, dim=1))

    def _assign(
        self, scale: int, embeddings: Tensor, scores: Tensor
    ) -> Tensor:
        """Assign the first two views or groups of a scale."""
        queue = self.queues[scale]
        fills = current_epoch() >= self.queue_start_epoch
        # Image by image, so that the rows that drop out of a queue do not
        # depend on the number of processes.
        num_images = embeddings.size(1) // (1, *self.num_patches)[scale]
        by_image = embeddings[:2].detach().unflatten(1, (-1, num_images))
        assignments = assign_with_queue(
            by_image.transpose(1, 2).flatten(1, 2),
            scores[:2].detach(),
            self.prototypes_of(scale),
            queue if fills and isinstance(queue, EmbeddingQueue) else None,
            self.epsilon,
            self.num_iters,
        )
        self.uses[scale].add(assignments)
        return assignments

    def _check_queues(self, batch_size: int) -> None:
        for num, queue in zip(
            (1, *self.num_patches), self.queues, strict=True
        ):
            if isinstance(queue, EmbeddingQueue):
                queue.check_batch(batch_size, num)


def _linears(shapes: Iterable[tuple[int, int]]) -> Sequence[nn.Linear]:
    """Return maps in a ModuleList, whose type does not say what it holds."""
    maps = (nn.Linear(*shape, bias=False) for shape in shapes)
    return cast(Sequence[nn.Linear], nn.ModuleList(maps))
