from collections.abc import Sequence
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.clustering import check_num_prototypes
from hirl_mm.clustering.assignment import assignment
from hirl_mm.engine.checks.trees import (
    check_has_second_stage,
    check_takes_trees,
    tree_misfit,
)
from hirl_mm.engine.checks.unused_parameters import (
    check_finds_unused_parameters,
)
from hirl_mm.engine.features.epoch_bank import EpochBank
from hirl_mm.engine.features.feature_pass import FeaturePassError
from hirl_mm.engine.runtime.run_files import (
    TREES_FOLDER,
    epoch_files,
    save_of_epoch,
)
from hirl_mm.engine.trees.builder import TreeBuilder
from hirl_mm.engine.trees.guard import Rejections, TreeGuard
from hirl_mm.engine.trees.mode import clustering_mode
from hirl_mm.engine.trees.report import report_tree
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.registry import HOOKS
from hirl_mm.structures import TREE_KEY, PrototypeTree

from .feature_pass_hook import FeaturePassHook

# Key of checkpoints for the number of trees in a row that were rejected.
_REJECTED = 'rejected_trees'


@HOOKS.register_module()
class HierarchicalKMeansHook(FeaturePassHook):
    """Run the second stage of HIRL, Algorithm 2 of the paper.

    From epoch ``start_epoch`` on, this hook extracts the features of all
    training images before an epoch, clusters them into a tree of prototypes
    and passes the tree to the model, whose SPD loss uses it. Before that the
    model has no tree and trains with its own loss only. The tree is saved in
    every checkpoint and in ``work_dir/prototype_trees``. If features are NaN,
    infinite or collapsed, the new tree is rejected and training keeps the
    last good one. A resumed run continues with the tree of its checkpoint,
    unless that tree was built from other images or has other numbers of
    prototypes.

    Args:
        num_prototypes: Number of prototypes per level, from fine to coarse
            (M_1 ... M_L).
        start_epoch: Number of epochs without a tree (T_1).
        pipeline: Data pipeline of the feature pass; it replaces the pipeline
            of the training data set.
        mode: ``'faithful'``, ``'fast'`` or ``'bank'``, see
            :func:`~hirl_mm.engine.trees.mode.clustering_mode`.
        interval: Number of epochs from one clustering to the next.
        num_iters: Maximum number of iterations of a run of k-means; None for
            the value of the mode.
        num_restarts: Number of runs of k-means from different initial
            centroids, of which the best is kept: one number for all levels,
            or one per level; None for the value of the mode.
        tol: Relative change of the objective below which a run of k-means
            stops; None for the value of the mode.
        precision: Precision of the assignments to centroids, ``'fp32'``,
            ``'tf32'`` or ``'bf16'``; None for the value of the mode.
        cold_interval: Every ``cold_interval``-th tree starts from random
            images, the others from the previous tree; None for the value of
            the mode.
        seed: Seed of the clustering.
        backend: Implementation of k-means: ``'auto'``, ``'torch'``,
            ``'triton'`` or ``'faiss'``.
        batch_size: Batch size of the feature pass, per rank.
        num_workers: Number of worker processes of the feature pass, per rank.
        max_keep_trees: Number of latest tree files to keep; -1 for all.
        guard: Arguments of the
            :class:`~hirl_mm.engine.trees.guard.TreeGuard`; None for its
            defaults.

    Raises:
        ValueError: If an argument is out of range; before the first
            iteration, if an argument does not fit the data, the model or the
            schedule.
        StackError: If a package that the backend needs is missing.
        StoppedError: After ``max_rejected`` rejected trees in a row, see
            ``guard``.
    """

    config_name = 'kmeans'
    state_key = TREE_KEY

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
        super().__init__(
            start_epoch, pipeline, interval, batch_size, num_workers
        )
        self.num_prototypes = tuple(num_prototypes)
        self.mode = clustering_mode(
            mode,
            len(self.num_prototypes),
            num_iters=num_iters,
            num_restarts=num_restarts,
            tol=tol,
            precision=precision,
            cold_interval=cold_interval,
        )
        self._asked_precision = precision
        self.seed = seed
        self.backend = backend
        self.max_keep_trees = max_keep_trees
        self.guard = TreeGuard(**(guard or {}))
        self._bank = EpochBank()
        self._tree_files: list[Path] = []
        self._rejections = Rejections(self.guard.max_rejected)

    def check_schedule(self, runner: Runner) -> None:
        check_has_second_stage(runner, self.start_epoch)

    def has_result(self, runner: Runner) -> bool:
        return get_ori_model(runner.model).tree is not None

    def result_state(self, runner: Runner) -> dict:
        return get_ori_model(runner.model).tree.state_dict()

    def take_state(self, runner: Runner, state: dict | None) -> None:
        tree = None if state is None else PrototypeTree.from_state_dict(state)
        get_ori_model(runner.model).set_tree(tree)

    def misfit(self, state: dict) -> str | None:
        tree = PrototypeTree.from_state_dict(state)
        num_images = len(self.loader.dataset)
        return tree_misfit(tree, self.num_prototypes, num_images)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        super().after_load_checkpoint(runner, checkpoint)
        if runner._resume:
            num = checkpoint.get(_REJECTED, 0)
            self._rejections = Rejections(self.guard.max_rejected, num)
            self._bank.load_from(checkpoint)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        super().before_save_checkpoint(runner, checkpoint)
        checkpoint[_REJECTED] = self._rejections.num
        self._bank.save_to(checkpoint)

    def before_train(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        check_takes_trees(model, self.num_prototypes)
        check_finds_unused_parameters(runner.model)
        super().before_train(runner)
        check_num_prototypes(self.num_prototypes, len(self.loader.dataset))
        # Of a run that is resumed; a new run has written none yet.
        self._tree_files = epoch_files(
            runner.work_dir, TREES_FOLDER, runner.epoch
        )
        device = next(model.parameters()).device
        assignment(
            self.backend, device, self.num_prototypes[0], self.mode.precision
        )
        if self._asked_precision == 'tf32' and device.type == 'cpu':
            runner.logger.warning(
                "HIRL: precision='tf32' has no effect on a CPU, which "
                'clusters in fp32'
            )
        if self.mode.from_training:
            self._bank.create(runner.train_dataloader, self.data)
            model.set_bank(self._bank.bank)
        self._builder = TreeBuilder(
            self.num_prototypes,
            self.mode,
            self.seed,
            self.backend,
            self.loader,
            self._bank.bank,
            self.data,
            self.run,
        )

    def gather_state(self, runner: Runner) -> None:
        """Collect the rows of a bank that this epoch has not yet used."""
        filling = self._bank.is_filling()
        if filling and self.last_pass(runner) != runner.epoch + 1:
            self._bank.gather()

    def before_train_epoch(self, runner: Runner) -> None:
        if runner.epoch == 0 and self.start_epoch > 0:
            runner.logger.info(
                f'HIRL: {self.start_epoch} epochs without the SPD loss, '
                f'then prototypes {self.num_prototypes} every '
                f'{self.interval} epoch(s)'
            )
        super().before_train_epoch(runner)
        if self.mode.from_training:
            following = runner.epoch + 1
            fills = following < runner.max_epochs
            fills = fills and self.is_due(runner, following)
            self._bank.begin_epoch(get_ori_model(runner.model), fills)

    def after_train_epoch(self, runner: Runner) -> None:
        """Build the tree of the next epoch if training has filled the bank.

        So it is in the checkpoint of this epoch, and the bank need not be.
        """
        following = runner.epoch + 1
        if self._bank.is_filling() and following < runner.max_epochs:
            self.pass_if_due(runner, following)

    def refresh(self, runner: Runner, epoch: int) -> None:
        """Build a tree and give it to the model, unless it is rejected."""
        model = get_ori_model(runner.model)
        tree = self._good_tree(runner, model, epoch)
        if tree is not None:
            model.set_tree(tree)

    def _good_tree(
        self, runner: Runner, model: HIRLAlgorithm, epoch: int
    ) -> PrototypeTree | None:
        """Build, check and save a tree; return None if it is rejected."""
        start = None if self._starts_cold(epoch) else model.tree
        try:
            built = self._builder.build(model, start)
        except FeaturePassError as error:
            faults = [str(error)]
        else:
            tree = built.tree
            report_tree(
                runner,
                tree,
                model.tree,
                built.spread,
                built.seconds,
                epoch + 1,
                built.searched,
            )
            faults = self.guard.faults(tree, built.spread)
        if faults:
            what = self._rejections.add(
                epoch + 1, faults, model.tree is not None
            )
            runner.logger.warning(what)
            return None
        self._rejections.clear()
        if is_main_process():
            self._tree_files = save_of_epoch(
                tree,
                Path(runner.work_dir) / TREES_FOLDER,
                epoch + 1,
                self._tree_files,
                self.max_keep_trees,
            )
        return tree

    def _starts_cold(self, epoch: int) -> bool:
        """Return whether k-means starts from random images.

        This depends on the epoch only, so that a resumed run repeats what an
        uninterrupted run does. After a rejected tree k-means starts from
        random images, too, in case the previous tree was the cause.
        """
        index = (epoch - self.start_epoch) // self.interval
        return index % self.mode.cold_interval == 0 or self._rejections.num > 0
