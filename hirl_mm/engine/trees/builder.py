import time
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor
from torch.utils.data import DataLoader

from hirl_mm.clustering import feature_spread, hierarchical_kmeans
from hirl_mm.engine.features.bank_pass import bank_features
from hirl_mm.engine.features.feature_pass import feature_pass
from hirl_mm.engine.runtime.progress import logged_share
from hirl_mm.features import FeatureBank
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.structures import PrototypeTree

from .mode import ClusteringMode

_WHAT = 'HIRL feature pass'


class BuiltTree(NamedTuple):
    """A tree, the spread of its features, and the seconds of each part."""

    tree: PrototypeTree
    spread: float
    seconds: dict[str, float]


class TreeBuilder:
    """From a model and its images to a tree.

    Args:
        num_prototypes: Per level, from fine to coarse.
        mode: Of features and clustering.
        seed: Of the clustering.
        backend: Of the clustering.
        loader: Of all images, see
            :func:`~hirl_mm.engine.features.feature_pass.feature_loader`.
        bank: Of features that training computes; None to compute all.
        data: Identity of the images of the loader, which the trees carry.
    """

    def __init__(
        self,
        num_prototypes: tuple[int, ...],
        mode: ClusteringMode,
        seed: int,
        backend: str,
        loader: DataLoader,
        bank: FeatureBank | None,
        data: str,
    ) -> None:
        self.num_prototypes = num_prototypes
        self.mode = mode
        self.seed = seed
        self.backend = backend
        self.loader = loader
        self.bank = bank
        self.data = data

    def build(
        self, model: HIRLAlgorithm, start: PrototypeTree | None
    ) -> BuiltTree:
        """Extract and cluster.

        Args:
            model: Of the features.
            start: Of the clustering; None for a cold start.

        Raises:
            FeaturePassError: If features are NaN or infinite.
        """
        began = time.perf_counter()
        sample_idx, features = self.features(model)
        extracted = time.perf_counter()
        tree = self.cluster(sample_idx, features, start)
        spread = feature_spread(features, sample_idx)
        clustered = time.perf_counter()
        seconds = dict(
            extract=extracted - began, cluster=clustered - extracted
        )
        return BuiltTree(tree, spread, seconds)

    def features(self, model: HIRLAlgorithm) -> tuple[Tensor, Tensor]:
        """Sample indices (n,) and features (n, D) of this rank."""
        if self.bank is not None:
            return bank_features(self.bank, model, self.loader, _WHAT)
        return feature_pass(model, model.extract_z0, self.loader, _WHAT)

    def cluster(
        self,
        sample_idx: Tensor,
        features: Tensor,
        start: PrototypeTree | None,
    ) -> PrototypeTree:
        """The tree of all ranks' features."""
        tree = hierarchical_kmeans(
            features,
            self.num_prototypes,
            **self.mode.kmeans_options(),
            seed=self.seed,
            backend=self.backend,
            start=start,
            sample_idx=sample_idx,
            on_progress=logged_share('HIRL clustering'),
        )
        return replace(tree, data=self.data)
