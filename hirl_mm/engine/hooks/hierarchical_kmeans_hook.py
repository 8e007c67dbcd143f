import time
from collections.abc import Sequence
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.clustering import check_num_prototypes, hierarchical_kmeans
from hirl_mm.clustering.assignment import assignment
from hirl_mm.engine.epochs import check_counts_epochs
from hirl_mm.engine.feature_pass import feature_loader, feature_pass
from hirl_mm.engine.sample_indices import check_sample_indices
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.registry import HOOKS
from hirl_mm.structures import PrototypeTree

_STATE_KEY = 'prototype_tree'


@HOOKS.register_module()
class HierarchicalKMeansHook(Hook):
    """The second stage of HIRL, Algorithm 2.

    Before every epoch from ``start_epoch`` on, it extracts the features of
    all training images, clusters them into a tree of prototypes and gives
    the tree to the model, whose loss uses it. Until then the model has no
    tree and trains with its own loss alone. The tree is stored in every
    checkpoint and in ``work_dir/prototype_trees``.

    Args:
        num_prototypes: Prototypes per level, from fine to coarse
            (M_1 ... M_L).
        start_epoch: T_1, the number of epochs without a tree.
        pipeline: Data pipeline of the feature pass; it replaces that of the
            training data set.
        interval: Epochs between two clusterings.
        num_iters: Iterations per run of k-means.
        num_restarts: Runs of k-means per level.
        seed: Of the clustering.
        backend: ``'auto'``, ``'torch'`` or ``'faiss'``.
        batch_size: Of the feature pass, per rank.
        num_workers: Of the feature pass, per rank.
        max_keep_trees: How many of the latest tree files stay; -1 for all.

    Raises:
        ValueError: If an argument is out of range, or before the first
            iteration if it does not fit the data, the model or the schedule.
        StackError: If faiss was asked for and is missing.
    """

    def __init__(
        self,
        num_prototypes: Sequence[int],
        start_epoch: int,
        pipeline: list[dict],
        interval: int = 1,
        num_iters: int = 20,
        num_restarts: int = 5,
        seed: int = 0,
        backend: str = 'auto',
        batch_size: int = 256,
        num_workers: int = 4,
        max_keep_trees: int = 3,
    ) -> None:
        check_num_prototypes(num_prototypes)
        if start_epoch < 0 or interval < 1:
            raise ValueError(
                'start_epoch must be at least 0 and interval at least 1, got '
                f'{start_epoch} and {interval}'
            )
        self.num_prototypes = tuple(num_prototypes)
        self.start_epoch = start_epoch
        self.pipeline = pipeline
        self.interval = interval
        self.kmeans_options = dict(
            num_iters=num_iters,
            num_restarts=num_restarts,
            seed=seed,
            backend=backend,
        )
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.max_keep_trees = max_keep_trees
        self._stored: dict | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._stored = checkpoint.get(_STATE_KEY)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        tree = get_ori_model(runner.model).tree
        if tree is not None:
            checkpoint[_STATE_KEY] = tree.state_dict()

    def before_train(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        self._check_model(model)
        self._check_schedule(runner)
        dataset = runner.train_dataloader.dataset
        check_sample_indices(dataset)
        check_num_prototypes(self.num_prototypes, len(dataset))
        device = next(model.parameters()).device
        assignment(
            self.kmeans_options['backend'], device, self.num_prototypes[0]
        )
        self._loader = feature_loader(
            dataset, self.pipeline, self.batch_size, self.num_workers
        )
        model.set_tree(self._resumed_tree(runner, len(dataset)))

    def before_train_epoch(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        stage_epoch = runner.epoch - self.start_epoch
        if stage_epoch < 0:
            if runner.epoch == 0:
                runner.logger.info(
                    f'HIRL: {self.start_epoch} epochs without the SPD loss, '
                    f'then prototypes {self.num_prototypes} every '
                    f'{self.interval} epoch(s)'
                )
            return
        if stage_epoch % self.interval == 0 or model.tree is None:
            model.set_tree(self._build_tree(runner, model))

    def _build_tree(
        self, runner: Runner, model: HIRLAlgorithm
    ) -> PrototypeTree:
        began = time.perf_counter()
        sample_idx, features = feature_pass(
            model, model.extract_z0, self._loader, 'HIRL feature pass'
        )
        extracted = time.perf_counter()
        tree = hierarchical_kmeans(
            features,
            self.num_prototypes,
            sample_idx=sample_idx,
            **self.kmeans_options,
        )
        clustered = time.perf_counter()
        self._report(
            runner,
            tree,
            dict(extract=extracted - began, cluster=clustered - extracted),
        )
        if is_main_process():
            self._save(Path(runner.work_dir), runner.epoch + 1, tree)
        return tree

    def _report(
        self, runner: Runner, tree: PrototypeTree, seconds: dict[str, float]
    ) -> None:
        summary = tree.summary()
        levels = '; '.join(
            f'K {level["K"]}, empty {level["empty"]}, largest '
            f'{level["largest_share"]:.1%}, objective {level["objective"]:.4g}'
            for level in summary
        )
        runner.logger.info(
            f'HIRL tree of epoch {runner.epoch + 1}: extracted in '
            f'{seconds["extract"]:.1f} s, clustered in '
            f'{seconds["cluster"]:.1f} s: {levels}'
        )
        scalars = {f'hirl/seconds_{k}': v for k, v in seconds.items()}
        for i, level in enumerate(summary):
            scalars |= {f'hirl/level{i}_{k}': v for k, v in level.items()}
        runner.visualizer.add_scalars(scalars, step=runner.epoch + 1)

    def _save(self, work_dir: Path, epoch: int, tree: PrototypeTree) -> None:
        folder = work_dir / 'prototype_trees'
        tree.save(folder / f'epoch_{epoch}.pth')
        if self.max_keep_trees < 0:
            return
        files = sorted(
            folder.glob('epoch_*.pth'), key=lambda f: int(f.stem[6:])
        )
        for old in files[: max(0, len(files) - self.max_keep_trees)]:
            old.unlink()

    def _check_model(self, model) -> None:
        if not isinstance(model, HIRLAlgorithm):
            raise TypeError(
                'HierarchicalKMeansHook gives its tree to a HIRLAlgorithm, '
                'such as hirl_mm.HIRLMoCo, but the model is a '
                f'{type(model).__name__}'
            )
        if model.spd_head.num_levels != len(self.num_prototypes):
            raise ValueError(
                f'num_prototypes {self.num_prototypes} makes a tree of '
                f'{len(self.num_prototypes)} levels, but spd_head has '
                f'num_levels={model.spd_head.num_levels}: give both the same'
            )
        if self.num_prototypes[0] < 2:
            raise ValueError(
                'num_prototypes needs at least 2 prototypes at its finest '
                f'level, to have a negative path, got {self.num_prototypes}'
            )

    def _check_schedule(self, runner: Runner) -> None:
        check_counts_epochs(
            runner, 'HierarchicalKMeansHook clusters before epochs'
        )
        if self.start_epoch >= runner.max_epochs:
            raise ValueError(
                f'start_epoch={self.start_epoch} leaves no epoch with a tree '
                f'in a training of max_epochs={runner.max_epochs}: lower '
                'start_epoch (the paper uses a tenth of the epochs)'
            )

    def _resumed_tree(
        self, runner: Runner, num_samples: int
    ) -> PrototypeTree | None:
        """The tree of the checkpoint, if the run goes on in stage two."""
        stored, self._stored = self._stored, None
        if stored is None or runner.epoch <= self.start_epoch:
            return None
        tree = PrototypeTree.from_state_dict(stored)
        fits = (
            tree.num_prototypes == self.num_prototypes
            and len(tree.leaf) == num_samples
        )
        if not fits:
            runner.logger.warning(
                f'the checkpoint holds a tree of {tree.num_prototypes} '
                f'prototypes over {len(tree.leaf)} images, this run wants '
                f'{self.num_prototypes} over {num_samples}: building anew'
            )
            return None
        return tree
