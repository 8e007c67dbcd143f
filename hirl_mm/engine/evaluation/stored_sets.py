from collections.abc import Callable, Sequence

from mmengine.config import Config
from mmengine.model import BaseModel

from hirl_mm.datasets.wrappers import pipelines_of
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
    store_features,
)
from hirl_mm.engine.features.dataset_features import evaluation_data
from hirl_mm.engine.features.labelled_sets import labelled_sets


class StoredSets:
    """Base class of evaluations of labelled data sets whose features are kept.

    Args:
        cfg: A config with the data sets.
        names: Names of the data sets in the config.

    Raises:
        ValueError: If a data set is missing.
    """

    def __init__(self, cfg: Config, names: Sequence[str]) -> None:
        configs = {name: evaluation_data(cfg, name) for name in names}
        self._pipelines = {n: pipelines_of(c) for n, c in configs.items()}
        self._sets = labelled_sets(configs)

    def store(
        self, caches: Sequence[FeatureCache], model: Callable[[], BaseModel]
    ) -> None:
        """Store the features that caches lack, in one pass for all.

        All ranks must call this.

        Args:
            caches: Caches that differ in nothing but their stage.
            model: Function that returns the model. It is called only if
                features are missing.
        """
        for name, dataset in self._sets.items():
            store_features(caches, model, dataset, name, self._pipelines[name])
