import time
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor

from hirl_mm.clustering import feature_spread, hierarchical_kmeans
from hirl_mm.clustering.searched_share import SearchedShare
from hirl_mm.engine.features.bank_pass import bank_features
from hirl_mm.engine.features.feature_pass import feature_pass
from hirl_mm.engine.features.image_reading import ImageLoader
from hirl_mm.engine.runtime.progress import logged_share
from hirl_mm.features import FeatureBank
from hirl_mm.features.shard import number_present
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.structures import NO_LEAF, PrototypeTree

from .mode import ClusteringMode

_WHAT = 'HIRL feature pass'


class BuiltTree(NamedTuple):
    """A new tree, with what the log says about how it was built.

    Args:
        tree: The tree.
        spread: Spread of the clustered features, see
            :func:`~hirl_mm.clustering.feature_spread`.
        seconds: Duration of the steps ``extract`` and ``cluster``.
        searched: Share of the distances that a GPU computed in float32 after
            a pass in low precision; None if there was no such pass.
    """

    tree: PrototypeTree
    spread: float
    seconds: dict[str, float]
    searched: float | None


class TreeBuilder:
    """Build trees of prototypes from the features of all training images.

    Args:
        num_prototypes: Number of prototypes per level, from fine to coarse.
        mode: Source of the features and settings of the clustering.
        seed: Seed of the clustering.
        backend: Implementation of k-means: ``'auto'``, ``'torch'``,
            ``'triton'`` or ``'faiss'``.
        loader: Loader of all images, see
            :func:`~hirl_mm.engine.features.feature_pass.feature_loader`.
        bank: Bank that training fills with features; None to extract the
            features of all images in a pass.
        data: Identity of the images of the loader, stored in every tree.
        run: Name of the training, stored in every tree.
    """

    def __init__(
        self,
        num_prototypes: tuple[int, ...],
        mode: ClusteringMode,
        seed: int,
        backend: str,
        loader: ImageLoader,
        bank: FeatureBank | None,
        data: str,
        run: str,
    ) -> None:
        self.num_prototypes = num_prototypes
        self.mode = mode
        self.seed = seed
        self.backend = backend
        self.loader = loader
        self.bank = bank
        self.data = data
        self.run = run

    def build(
        self, model: HIRLAlgorithm, start: PrototypeTree | None
    ) -> BuiltTree:
        """Extract the features of all images and cluster them into a tree.

        Args:
            model: Model that extracts the features.
            start: Tree whose prototypes k-means starts from; None to start
                from random images.

        Raises:
            FeaturePassError: If features are NaN or infinite.
        """
        began = time.perf_counter()
        sample_idx, features = self.features(model)
        extracted = time.perf_counter()
        searched = SearchedShare()
        tree = self.cluster(sample_idx, features, start, searched)
        spread = feature_spread(features, sample_idx)
        clustered = time.perf_counter()
        seconds = dict(
            extract=extracted - began, cluster=clustered - extracted
        )
        return BuiltTree(tree, spread, seconds, searched.share)

    def features(self, model: HIRLAlgorithm) -> tuple[Tensor, Tensor]:
        """Return sample indices (n,) and features (n, D) of this rank."""
        if self.bank is not None:
            return bank_features(self.bank, model, self.loader, _WHAT)
        return feature_pass(model, model.extract_z0, self.loader, _WHAT)

    def cluster(
        self,
        sample_idx: Tensor,
        features: Tensor,
        start: PrototypeTree | None,
        searched: SearchedShare | None = None,
    ) -> PrototypeTree:
        """Cluster the features of all ranks into a tree.

        An image without features, because it could not be read, has no leaf.

        Args:
            sample_idx: Sample indices (n,) of this rank.
            features: Features (n, D) of this rank.
            start: Tree whose prototypes k-means starts from; None to start
                from random images.
            searched: Counts the distances that a GPU computes in float32
                after a pass in low precision; None not to count.
        """
        num = len(self.loader.dataset)
        present, sample_idx = number_present(sample_idx, num)
        tree = hierarchical_kmeans(
            features,
            self.num_prototypes,
            **self.mode.kmeans_options(),
            seed=self.seed,
            backend=self.backend,
            start=start,
            sample_idx=sample_idx,
            on_progress=logged_share('HIRL clustering'),
            searched=searched,
        )
        leaf = tree.leaf.new_full((num,), NO_LEAF)
        leaf[present] = tree.leaf
        return replace(tree, leaf=leaf, data=self.data, run=self.run)
