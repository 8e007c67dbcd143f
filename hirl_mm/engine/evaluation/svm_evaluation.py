"""Evaluate features by linear SVMs on multi-label data, such as VOC07."""

import time
from collections.abc import Callable

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.model import BaseModel

from hirl_mm.datasets.distinct_images import build_images
from hirl_mm.datasets.wrappers import pipelines_of
from hirl_mm.engine.features.cached_features import FeatureCache
from hirl_mm.engine.features.dataset_features import (
    SVM_TEST,
    SVM_TRAIN,
    evaluation_data,
)
from hirl_mm.engine.features.labelled_data import multi_label_targets_of
from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.evaluation.functional import svm_scores


class SVMEvaluation:
    """Mean average precision of linear classifiers on frozen features.

    One support vector machine is trained per class.

    Args:
        cfg: A config with the multi-label data sets ``svm_train`` and
            ``svm_test``.

    Raises:
        ValueError: If a data set is missing, or its samples have no lists of
            labels.
    """

    def __init__(self, cfg: Config) -> None:
        names = SVM_TRAIN, SVM_TEST
        configs = {name: evaluation_data(cfg, name) for name in names}
        self._pipelines = {n: pipelines_of(c) for n, c in configs.items()}
        self._sets = {name: build_images(c) for name, c in configs.items()}
        self.targets = {
            name: multi_label_targets_of(dataset, name)
            for name, dataset in self._sets.items()
        }

    def extract(
        self, cache: FeatureCache, model: Callable[[], BaseModel]
    ) -> None:
        """Extract the features that are not in the cache.

        All ranks must call this.

        Args:
            cache: The features that were extracted before.
            model: Function that returns the model. It is called only if
                features are missing.
        """
        self.features = {
            name: cache.features(model, dataset, name, self._pipelines[name])
            for name, dataset in self._sets.items()
        }
        self.targets = {
            name: targets[cache.readable(name, len(targets))]
            for name, targets in self.targets.items()
        }

    def run(self, results: ArmResults) -> None:
        """Add the mean average precision to ``results``."""
        began = time.perf_counter()
        scores = svm_scores(
            self.features[SVM_TRAIN],
            self.targets[SVM_TRAIN],
            self.features[SVM_TEST],
            self.targets[SVM_TEST],
        )
        seconds = round(time.perf_counter() - began, 2)
        MMLogger.get_current_instance().info(f'linear SVM: {seconds} s')
        results.add(
            'linear SVM',
            {f'mAP, {method}': value for method, value in scores.mean.items()},
            **vars(scores),
            seconds=seconds,
        )
