import torch
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import Dataset

from hirl_mm.clustering.spread import feature_spread
from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.image_label import label_of
from hirl_mm.evaluation.feature_health import FeatureHealth
from hirl_mm.evaluation.functional import (
    effective_rank,
    leave_one_out_accuracy,
)

from .feature_pass import feature_loader, whole_backbone_features
from .fingerprint import data_identity
from .labelled_data import subset

# Seed of the random subset, the same in all runs.
_SEED = 0
_WHAT = 'feature health'


class HealthPass:
    """Measure the features of a fixed random subset of images.

    Args:
        dataset: Data set; it is not changed. Each of its images counts once.
        pipeline: Pipeline of the feature pass.
        num_images: Number of images; all of them if there are no more.
        k: Number of neighbours that vote; at most all other images do.
        batch_size: Batch size of the feature pass, per rank.
        num_workers: Worker processes of the feature pass, per rank.

    Attributes:
        data: Identity of the images, see
            :func:`~hirl_mm.engine.features.fingerprint.data_identity`.
        labels: (N,) long, class of every image of the subset; -1 for one
            without a label or with several.

    Raises:
        ValueError: If no image can be read.
    """

    def __init__(
        self,
        dataset: Dataset,
        pipeline: list[dict],
        num_images: int,
        k: int,
        batch_size: int,
        num_workers: int,
    ) -> None:
        images = distinct_images(dataset)
        num = None if num_images >= len(images) else num_images
        images = subset(images, num, _SEED, 'images')
        labels = [label_of(info) for info in images.infos()]
        self.labels = torch.tensor([-1 if y is None else y for y in labels])
        self.data = data_identity(images)
        self.k = k
        self._loader = feature_loader(
            images, pipeline, batch_size, num_workers
        )

    def measure(self, model: BaseModel, with_knn: bool) -> FeatureHealth:
        """Measure the pooled features of the backbone.

        A collective call: every rank extracts its share of the images, and
        gets the same result.

        Args:
            model: Model, in evaluation mode during the pass.
            with_knn: Whether to compute the leave-one-out kNN accuracy, if
                the images have two classes or more.

        Raises:
            FeaturePassError: If features are NaN or infinite.
        """
        features = whole_backbone_features(model, self._loader, _WHAT)
        labels = self.labels
        if self._loader.dataset.unreadable:
            read = self._loader.dataset.readable()
            features, labels = features[read], labels[read]
        knn, num_queries = None, 0
        if with_knn:
            knn, num_queries = self._knn(features, labels)
        return FeatureHealth(
            effective_rank(features),
            feature_spread(features),
            knn,
            num_queries,
        )

    def _knn(
        self, features: Tensor, labels: Tensor
    ) -> tuple[float | None, int]:
        known = (labels >= 0).nonzero().flatten()
        labels = labels[known]
        if len(labels.unique()) < 2:
            return None, 0
        k = min(self.k, len(labels) - 1)
        accuracy = leave_one_out_accuracy(
            features[known.to(features.device)], labels, k
        )
        return accuracy, len(labels)
