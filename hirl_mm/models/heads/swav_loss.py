from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from hirl_mm.losses.swapped_prediction import swapped_prediction_loss
from hirl_mm.models.modules import (
    PrototypeUse,
    assign_with_queue,
    current_epoch,
)
from hirl_mm.models.modules.embedding_queue import EmbeddingQueue
from hirl_mm.registry import MODELS

from .crop_arguments import check_num_crops, check_positive


@MODELS.register_module()
class SwAVLoss(BaseModule):
    """Loss of `SwAV <https://arxiv.org/abs/2006.09882>`_, with its prototypes.

    It replaces MMPreTrain's loss in ``SwAVHead`` and has the same state-dict
    key, ``prototypes.weight``. The value and the gradient do not depend on
    the number of processes that share a batch. The queue is part of the
    module, so MMPreTrain's ``SwAVHook`` is not needed. The loss is computed
    in float32, even under autocast.

    Args:
        feat_dim: Dimension D of the embeddings.
        num_prototypes: Number of prototypes K.
        num_crops: Number of crops of each resolution, the ``num_views`` of
            MultiView in the pipeline. Their sum is V.
        crops_for_assign: Indices of the A crops whose assignments to the
            prototypes the other crops predict.
        epsilon: Temperature of the scores in the assignment, see
            :func:`~hirl_mm.losses.sinkhorn`.
        temperature: Temperature of the predictions.
        num_iters: Number of iterations of
            :func:`~hirl_mm.losses.sinkhorn`.
        queue_length: Number of earlier images, of all ranks together, that
            take part in the assignment. It must be a multiple of the global
            batch size; 0 trains without a queue.
        queue_start_epoch: First epoch, counted from 0, in which the queue is
            filled. It is used as soon as it is full.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self,
        feat_dim: int,
        num_prototypes: int = 3000,
        num_crops: Sequence[int] = (2, 6),
        crops_for_assign: Sequence[int] = (0, 1),
        epsilon: float = 0.05,
        temperature: float = 0.1,
        num_iters: int = 3,
        queue_length: int = 0,
        queue_start_epoch: int = 15,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_positive(
            feat_dim=feat_dim,
            num_prototypes=num_prototypes,
            epsilon=epsilon,
            temperature=temperature,
            num_iters=num_iters,
        )
        _check_crops(num_crops, crops_for_assign)
        if queue_length < 0 or queue_start_epoch < 0:
            raise ValueError(
                'queue_length and queue_start_epoch must be at least 0, got '
                f'{queue_length} and {queue_start_epoch}; queue_length=0 '
                'trains without a queue'
            )
        self.feat_dim = feat_dim
        self.num_crops = sum(num_crops)
        self.crops_for_assign = tuple(crops_for_assign)
        self.epsilon = epsilon
        self.temperature = temperature
        self.num_iters = num_iters
        self.queue_start_epoch = queue_start_epoch
        self.prototypes = nn.Linear(feat_dim, num_prototypes, bias=False)
        self.uses = [PrototypeUse()]
        self.queue: EmbeddingQueue | None = None
        if queue_length:
            self.queue = EmbeddingQueue(
                len(self.crops_for_assign), queue_length, feat_dim
            )

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return the loss of a batch and add the batch to the queue.

        The prototypes are L2-normalised in place before the loss is computed.

        Args:
            embeddings: (V * B, D), L2-normalised, all images of crop 0 first,
                then those of crop 1, and so on.

        Returns:
            A scalar, the mean over the batch of this rank.

        Raises:
            ValueError: If the number or dimension of the embeddings does not
                fit ``num_crops``, ``feat_dim`` or ``queue_length``.
        """
        batch_size = self._batch_size(embeddings)
        with torch.no_grad():
            weight = self.prototypes.weight
            weight.copy_(F.normalize(weight, dim=1))
        with torch.autocast(embeddings.device.type, enabled=False):
            embeddings = embeddings.float().unflatten(0, (-1, batch_size))
            scores = self.prototypes(embeddings)
            assignments = self._assign(embeddings.detach(), scores.detach())
            return swapped_prediction_loss(
                scores / self.temperature, assignments, self.crops_for_assign
            )

    @torch.no_grad()
    def _assign(self, embeddings: Tensor, scores: Tensor) -> Tensor:
        """Assign the images to the prototypes, once per crop to assign.

        Args:
            embeddings: (V, B, D), of all crops.
            scores: (V, B, K), of all crops.

        Returns:
            (A, B, K) probabilities.
        """
        fills = current_epoch() >= self.queue_start_epoch
        assignments = assign_with_queue(
            self._crops_to_assign(embeddings),
            self._crops_to_assign(scores),
            self.prototypes,
            self.queue if fills else None,
            self.epsilon,
            self.num_iters,
        )
        self.uses[0].add(assignments)
        return assignments

    def _crops_to_assign(self, crops: Tensor) -> Tensor:
        return torch.stack([crops[crop] for crop in self.crops_for_assign])

    def _batch_size(self, embeddings: Tensor) -> int:
        num, dim = embeddings.shape
        if dim != self.feat_dim:
            raise ValueError(
                f'the loss has feat_dim={self.feat_dim}, but the embeddings '
                f'have {dim} dimensions: use feat_dim={dim}'
            )
        if not num or num % self.num_crops:
            raise ValueError(
                f'{num} embeddings cannot come from {self.num_crops} crops '
                '(the sum of num_crops) of every image: set num_crops to the '
                'num_views of MultiView in the pipeline'
            )
        batch_size = num // self.num_crops
        if self.queue is not None:
            self.queue.check_batch(batch_size)
        return batch_size


def _check_crops(
    num_crops: Sequence[int], crops_for_assign: Sequence[int]
) -> None:
    check_num_crops(num_crops)
    total = sum(num_crops)
    crops = tuple(crops_for_assign)
    inside = all(0 <= crop < total for crop in crops)
    if not crops or not inside or len(set(crops)) < len(crops):
        raise ValueError(
            f'crops_for_assign must be different indices below {total}, the '
            f'sum of num_crops, such as (0, 1), got {crops}'
        )
