import time

from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.checks.probed_images import check_probes_trained_images
from hirl_mm.engine.features.feature_pass import (
    feature_loader,
    whole_backbone_features,
)
from hirl_mm.engine.features.labelled_data import labels_of, subset
from hirl_mm.engine.features.labelled_sets import labelled_sets
from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.engine.runtime.renamed_options import renamed_arguments
from hirl_mm.evaluation.functional import knn_accuracy
from hirl_mm.registry import HOOKS

# Seed of the random subsets, the same in all runs.
_SEED = 0


@HOOKS.register_module()
class KNNProbeHook(NamedHook):
    """Measure the kNN accuracy of the backbone during pre-training.

    The loss of a self-supervised method says little about the quality of its
    features. The accuracy of a kNN classifier does, at the cost of one
    feature pass over fixed subsets. The accuracy of the initial weights is
    measured before the first epoch: a training that falls below it makes the
    features worse. The log has it as ``knn/top1``, which
    ``CheckpointHook(save_best='knn/top1')`` and ``EarlyStoppingHook`` can
    use: self-supervised models have no validation loop for such a metric.
    Classes of the two data sets are the same if their names are, see
    :func:`~hirl_mm.datasets.class_alignment.align_classes`.

    Args:
        gallery: Config of the labelled data set that queries are compared
            with.
        queries: Config of the labelled data set to classify.
        num_gallery: Size of the random subset of ``gallery``; None for all,
            as if there are no more.
        num_queries: Size of the random subset of ``queries``; None for all,
            as if there are no more.
        k: Number of neighbours that vote; at most the size of the gallery is
            used.
        interval: Epochs between two probes; the last epoch is always probed.
        batch_size: Batch size of the feature pass, per rank.
        num_workers: Worker processes of the feature pass, per rank.
        other_images: Whether the gallery may hold other images than those of
            the training.

    Attributes:
        found: Accuracy in percent and number of queries, by the number of
            epochs after which they were measured in this process.

    Raises:
        ValueError: If a number is out of range. Before the first iteration,
            if a data set has no labels, or if no image of the gallery is
            trained on, unless ``other_images`` is set.
    """

    config_name = 'knn_probe'

    @renamed_arguments(bank='gallery', num_bank='num_gallery')
    def __init__(
        self,
        gallery: dict,
        queries: dict,
        num_gallery: int | None = None,
        num_queries: int | None = None,
        k: int = 20,
        interval: int = 1,
        batch_size: int = 256,
        num_workers: int = 4,
        other_images: bool = False,
    ) -> None:
        if interval < 1 or k < 1:
            raise ValueError(
                f'interval and k must be at least 1, got {interval} and {k}'
            )
        self.gallery = dict(gallery), num_gallery
        self.queries = dict(queries), num_queries
        self.k = k
        self.interval = interval
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.other_images = other_images
        self.found: dict[int, tuple[float, int]] = {}

    def before_train(self, runner: Runner) -> None:
        self._parts = []
        sizes = dict(gallery=self.gallery[1], queries=self.queries[1])
        datasets = labelled_sets(
            dict(gallery=self.gallery[0], queries=self.queries[0])
        )
        if not self.other_images:
            check_probes_trained_images(
                runner.train_dataloader.dataset,
                datasets['gallery'],
                self.config_name,
            )
        for name, num in sizes.items():
            dataset = subset(datasets[name], num, _SEED, name)
            loader = feature_loader(
                dataset, None, self.batch_size, self.num_workers
            )
            self._parts.append((loader, labels_of(dataset, name)))
        num_gallery = len(self._parts[0][1])
        if self.k > num_gallery:
            runner.logger.warning(
                f'k of the kNN probe is {self.k}, but the gallery has '
                f'{num_gallery} images: all of them vote'
            )
            self.k = num_gallery

    def before_train_epoch(self, runner: Runner) -> None:
        if runner.epoch % self.interval == 0:
            self._probe(runner)

    def after_train(self, runner: Runner) -> None:
        self._probe(runner)

    def _probe(self, runner: Runner) -> None:
        """Measure the model as it is after ``runner.epoch`` epochs."""
        began = time.perf_counter()
        model = get_ori_model(runner.model)
        found = []
        for loader, labels in self._parts:
            part = whole_backbone_features(model, loader, 'kNN probe')
            labels = labels.to(part.device)
            if loader.dataset.unreadable:
                read = loader.dataset.readable()
                part, labels = part[read], labels[read]
            found.append((part, labels))
        (gallery, gallery_labels), (queries, query_labels) = found
        accuracy = knn_accuracy(
            gallery, gallery_labels, queries, query_labels, ks=(self.k,)
        )[self.k]
        runner.logger.info(
            f'kNN probe after {runner.epoch} epochs: knn/top1 '
            f'{accuracy:.2f} % (k {self.k}, {len(gallery_labels)} images in '
            f'the gallery, {len(query_labels)} queries, '
            f'{time.perf_counter() - began:.1f} s)'
        )
        self.found[runner.epoch] = accuracy, len(query_labels)
        metrics = {'knn/top1': accuracy}
        runner.visualizer.add_scalars(metrics, step=runner.epoch)
        if runner.epoch == 0:
            return
        for hook in runner.hooks:
            if isinstance(hook, (CheckpointHook, EarlyStoppingHook)):
                hook.after_val_epoch(runner, metrics)
