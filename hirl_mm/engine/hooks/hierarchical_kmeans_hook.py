from collections.abc import Sequence
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.clustering import check_num_prototypes
from hirl_mm.clustering.assignment import assignment
from hirl_mm.engine.checks.sample_indices import check_sample_indices
from hirl_mm.engine.checks.trees import (
    check_has_second_stage,
    check_takes_trees,
)
from hirl_mm.engine.features.bank_pass import bank_for
from hirl_mm.engine.features.feature_pass import (
    FeaturePassError,
    feature_loader,
)
from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.engine.trees.builder import TreeBuilder
from hirl_mm.engine.trees.guard import TreeGuard
from hirl_mm.engine.trees.mode import clustering_mode
from hirl_mm.engine.trees.report import report_tree, save_tree
from hirl_mm.features import FeatureBank
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.registry import HOOKS
from hirl_mm.structures import TREE_KEY, PrototypeTree


@HOOKS.register_module()
class HierarchicalKMeansHook(NamedHook):
    """The second stage of HIRL, Algorithm 2.

    Before every epoch from ``start_epoch`` on, it extracts the features of
    all training images, clusters them into a tree of prototypes and gives
    the tree to the model, whose loss uses it. Until then the model has no
    tree and trains with its own loss alone. The tree is stored in every
    checkpoint and in ``work_dir/prototype_trees``. A tree of broken or
    collapsed features is rejected: the last good one stays.

    Args:
        num_prototypes: Prototypes per level, from fine to coarse
            (M_1 ... M_L).
        start_epoch: T_1, the number of epochs without a tree.
        pipeline: Data pipeline of the feature pass; it replaces that of the
            training data set.
        mode: ``'faithful'``, ``'fast'`` or ``'bank'``, see
            :func:`~hirl_mm.engine.trees.mode.clustering_mode`.
        interval: Epochs between two clusterings.
        num_iters: Iterations per run of k-means; None as in the mode, and so
            for all that follow up to ``cold_interval``.
        num_restarts: Runs of k-means, one number or one per level.
        tol: Change of the objective that ends a run.
        precision: Of the assignments, ``'fp32'``, ``'tf32'`` or ``'bf16'``.
        cold_interval: Trees between two starts from random images.
        seed: Of the clustering.
        backend: ``'auto'``, ``'torch'``, ``'triton'`` or ``'faiss'``.
        batch_size: Of the feature pass, per rank.
        num_workers: Of the feature pass, per rank.
        max_keep_trees: How many of the latest tree files stay; -1 for all.
        guard: Arguments of the
            :class:`~hirl_mm.engine.trees.guard.TreeGuard`.

    Raises:
        ValueError: If an argument is out of range, or before the first
            iteration if it does not fit the data, the model or the schedule.
        StackError: If what the backend needs is missing.
        RuntimeError: After ``guard.max_rejected`` rejected trees in a row.
    """

    config_name = 'kmeans'

    def __init__(
        self,
        num_prototypes: Sequence[int],
        start_epoch: int,
        pipeline: list[dict],
        mode: str = 'faithful',
        interval: int = 1,
        num_iters: int | None = None,
        num_restarts: int | Sequence[int] | None = None,
        tol: float | None = None,
        precision: str | None = None,
        cold_interval: int | None = None,
        seed: int = 0,
        backend: str = 'auto',
        batch_size: int = 256,
        num_workers: int = 4,
        max_keep_trees: int = 3,
        guard: dict | None = None,
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
        self.mode = clustering_mode(
            mode,
            len(self.num_prototypes),
            num_iters=num_iters,
            num_restarts=num_restarts,
            tol=tol,
            precision=precision,
            cold_interval=cold_interval,
        )
        self.interval = interval
        self.seed = seed
        self.backend = backend
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.max_keep_trees = max_keep_trees
        self.guard = TreeGuard(**(guard or {}))
        self._bank: FeatureBank | None = None
        self._rejected = 0
        self._stored: dict | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._stored = checkpoint.get(TREE_KEY)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        tree = get_ori_model(runner.model).tree
        if tree is not None:
            checkpoint[TREE_KEY] = tree.state_dict()

    def before_train(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        check_takes_trees(model, self.num_prototypes)
        check_has_second_stage(runner, self.start_epoch)
        dataset = runner.train_dataloader.dataset
        check_sample_indices(dataset)
        check_num_prototypes(self.num_prototypes, len(dataset))
        device = next(model.parameters()).device
        assignment(
            self.backend, device, self.num_prototypes[0], self.mode.precision
        )
        if self.mode.from_training:
            self._bank = bank_for(runner.train_dataloader)
            model.set_bank(self._bank)
        self._builder = TreeBuilder(
            self.num_prototypes,
            self.mode,
            self.seed,
            self.backend,
            feature_loader(
                dataset, self.pipeline, self.batch_size, self.num_workers
            ),
            self._bank,
        )
        model.set_tree(self._resumed_tree(runner, len(dataset)))

    def before_train_epoch(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        if runner.epoch == 0 and self.start_epoch > 0:
            runner.logger.info(
                f'HIRL: {self.start_epoch} epochs without the SPD loss, '
                f'then prototypes {self.num_prototypes} every '
                f'{self.interval} epoch(s)'
            )
        if self._clusters_before(runner.epoch, model):
            tree = self._good_tree(runner, model)
            if tree is not None:
                model.set_tree(tree)
        if self._bank is not None:
            self._bank.clear()
            fills = self._clusters_before(runner.epoch + 1, model)
            model.set_bank(self._bank if fills else None)

    def _clusters_before(self, epoch: int, model: HIRLAlgorithm) -> bool:
        stage_epoch = epoch - self.start_epoch
        if stage_epoch < 0:
            return False
        return stage_epoch % self.interval == 0 or model.tree is None

    def _good_tree(
        self, runner: Runner, model: HIRLAlgorithm
    ) -> PrototypeTree | None:
        """A new tree, saved; None if it must not be trained on."""
        start = None if self._starts_cold(runner) else model.tree
        try:
            tree, spread, seconds = self._builder.build(model, start)
        except FeaturePassError as error:
            faults = [str(error)]
        else:
            report_tree(runner, tree, model.tree, spread, seconds)
            faults = self.guard.faults(tree, spread)
        if faults:
            self._reject(runner, model, faults)
            return None
        self._rejected = 0
        if is_main_process():
            save_tree(
                Path(runner.work_dir),
                runner.epoch + 1,
                tree,
                self.max_keep_trees,
            )
        return tree

    def _starts_cold(self, runner: Runner) -> bool:
        """Whether k-means starts from random images.

        By the epoch alone, so that a resumed run goes on as it would have;
        and after a rejected tree, so that a broken start does not last.
        """
        index = (runner.epoch - self.start_epoch) // self.interval
        return index % self.mode.cold_interval == 0 or self._rejected > 0

    def _reject(
        self, runner: Runner, model: HIRLAlgorithm, faults: list[str]
    ) -> None:
        self._rejected += 1
        number = f'{self._rejected} of {self.guard.max_rejected} in a row'
        what = (
            f'HIRL: the tree of epoch {runner.epoch + 1} is rejected '
            f'({number}): {"; ".join(faults)}'
        )
        if self._rejected >= self.guard.max_rejected:
            raise RuntimeError(
                f'{what}. Training stops here. Resume from a checkpoint of '
                'before, with a lower learning rate, or set other limits by '
                'guard=dict(max_share=..., min_spread=..., max_rejected=...) '
                'of HierarchicalKMeansHook'
            )
        kept = 'the last good tree stays'
        if model.tree is None:
            kept = 'there is none before it, so training goes on without one'
        runner.logger.warning(f'{what}; {kept}')

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
