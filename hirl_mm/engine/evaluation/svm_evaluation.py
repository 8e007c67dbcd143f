"""Evaluate features by linear SVMs on multi-label data, such as VOC07."""

import time
from collections.abc import Callable

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.engine.features.cached_features import (
    FeatureCache,
)
from hirl_mm.engine.features.dataset_features import (
    SVM_TEST,
    SVM_TRAIN,
)
from hirl_mm.engine.features.labelled_data import multi_label_targets_of
from hirl_mm.evaluation.arm_results import ArmResults, at_stage
from hirl_mm.evaluation.functional import svm_scores
from hirl_mm.evaluation.functional.svm import NUM_FOLDS, usable_classes

from .stored_sets import StoredSets


class SVMEvaluation(StoredSets):
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
        super().__init__(cfg, (SVM_TRAIN, SVM_TEST))
        self._all_targets = {
            name: multi_label_targets_of(dataset, name)
            for name, dataset in self._sets.items()
        }
        self.targets = dict(self._all_targets)
        self.stage: int | None = None

    def extract(
        self, cache: FeatureCache, model: Callable[[], BaseModel]
    ) -> None:
        """Take the features of a cache; extract those that it lacks.

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
        self.stage = cache.stage
        self.targets = {
            name: targets[cache.readable(name, len(targets))]
            for name, targets in self._all_targets.items()
        }

    def run(self, results: ArmResults) -> None:
        """Add the mean average precision to ``results``.

        Classes with too few images are left out of the mean, with a warning.
        """
        began = time.perf_counter()
        logger = MMLogger.get_current_instance()
        row = at_stage('linear SVM', self.stage)
        train, test = self.targets[SVM_TRAIN], self.targets[SVM_TEST]
        usable = torch.from_numpy(usable_classes(train, test))
        left_out = self._left_out(usable)
        for figure, reason in left_out.items():
            logger.warning(f'left out: {row}, {figure}: {reason}')
        if not usable.any():
            results.add(row, {}, left_out)
            return
        scores = svm_scores(
            self.features[SVM_TRAIN],
            train[:, usable],
            self.features[SVM_TEST],
            test[:, usable],
        )
        seconds = round(time.perf_counter() - began, 2)
        logger.info(f'{row}: {seconds} s')
        results.add(
            row,
            {f'mAP, {method}': value for method, value in scores.mean.items()},
            left_out,
            **vars(scores),
            seconds=seconds,
        )

    def _left_out(self, usable: Tensor) -> dict[str, str]:
        """Reason by number of classes, for classes with too few images."""
        names = distinct_images(self._sets[SVM_TRAIN]).CLASSES
        assert names is not None  # The targets were made of them.
        few = [names[index] for index in (~usable).nonzero()[:, 0]]
        if not few:
            return {}
        return {
            f'{len(few)} of {len(names)} classes': (
                f'{", ".join(few)}: fewer than {NUM_FOLDS} training images '
                f'with and {NUM_FOLDS} without them, or no test image'
            )
        }
