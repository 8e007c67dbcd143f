from dataclasses import replace
from pathlib import Path

from mmengine.dist import broadcast_object_list
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.checks.epochs import check_counts_epochs
from hirl_mm.engine.checks.errors import StoppedError
from hirl_mm.engine.features.feature_pass import FeaturePassError
from hirl_mm.engine.features.fingerprint import same_data
from hirl_mm.engine.features.health_pass import HealthPass
from hirl_mm.engine.runtime.run_files import epoch_files
from hirl_mm.evaluation.feature_health import (
    BROKEN,
    FeatureHealth,
    tree_use,
)
from hirl_mm.evaluation.health_watch import HealthWatch
from hirl_mm.registry import HOOKS

from .feature_pass_hook import FeaturePassHook
from .knn_probe_hook import KNNProbeHook
from .named_hook import NamedHook

_STATE = 'feature_health'


@HOOKS.register_module()
class FeatureHealthHook(NamedHook):
    """Say in words when features get worse than at the start of a training.

    Before training, every ``interval`` epochs and at the end, this hook
    extracts the pooled backbone features of a fixed random subset of the
    training images, at most ``num_images``, and logs

    - ``health/effective_rank``: number of directions that the features use,
      see :func:`~hirl_mm.evaluation.functional.effective_rank`
    - ``health/feature_spread``: standard deviation of the L2-normalised
      features, see :func:`~hirl_mm.clustering.spread.feature_spread`
    - ``health/knn``: kNN accuracy in percent. If the run has a
      :class:`~hirl_mm.engine.hooks.KNNProbeHook`, this is its last figure, in
      epochs in which it probes. Otherwise it is the leave-one-out accuracy
      of the images, if they have labels of two classes or more.
    - ``health/tree_use``: effective share of the prototypes of the finest
      level of the tree, if the model has a tree

    A warning tells what is worse than at the start, since when, and what to
    do: once when it begins, with one line more when it has ended. The figures
    of the start are those of the initial weights, loaded or random. They are
    stored in checkpoints, so a resumed run compares with the same start.

    Args:
        pipeline: Data pipeline of the feature pass; None for that of the
            run's FeaturePassHook, such as the HierarchicalKMeansHook, or else
            of the gallery of its KNNProbeHook.
        num_images: Largest number of images.
        interval: Epochs between two measurements.
        k: Number of neighbours that vote in the leave-one-out accuracy.
        min_share: Effective rank, spread and use of the prototypes are at
            fault below this share of their value at the start.
        stop: Whether to end the training after ``patience`` measurements in a
            row with worse features, or at the first NaN.
        patience: Number of these measurements. Those in which the kNN
            accuracy is low but rises do not count.
        batch_size: Batch size of the feature pass, per rank.
        num_workers: Worker processes of the feature pass, per rank.

    Raises:
        ValueError: If an argument is out of range. Before the first
            iteration, if ``pipeline`` is None and no other hook has one, or
            if the training loop does not count epochs.
        StoppedError: With ``stop``, see above. It names the last checkpoint
            of good features.
    """

    config_name = 'feature_health'
    # After the probe and the clustering of the same epoch.
    priority = 'BELOW_NORMAL'

    def __init__(
        self,
        pipeline: list[dict] | None = None,
        num_images: int = 2048,
        interval: int = 1,
        k: int = 20,
        min_share: float = 0.5,
        stop: bool = False,
        patience: int = 5,
        batch_size: int = 256,
        num_workers: int = 4,
    ) -> None:
        if num_images < 2 or min(interval, k, patience) < 1:
            raise ValueError(
                'num_images must be at least 2, interval, k and patience at '
                f'least 1, got num_images={num_images}, interval={interval}, '
                f'k={k} and patience={patience}'
            )
        if not 0 < min_share < 1:
            raise ValueError(
                'min_share must lie between 0 and 1: features are at fault '
                f'below this share of the start, got {min_share}'
            )
        self.pipeline = pipeline
        self.num_images = num_images
        self.interval = interval
        self.k = k
        self.stop = stop
        self.patience = patience
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.watch = HealthWatch(min_share)
        self._stored: dict | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._stored = checkpoint.get(_STATE)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        state = self.watch.state_dict() | dict(data=self._pass.data)
        checkpoint[_STATE] = state

    def before_train(self, runner: Runner) -> None:
        check_counts_epochs(runner, 'FeatureHealthHook measures after epochs')
        self._probe = next(
            (h for h in runner.hooks if isinstance(h, KNNProbeHook)), None
        )
        self._pass = HealthPass(
            runner.train_dataloader.dataset,
            self.pipeline or _pipeline_of_run(runner),
            self.num_images,
            self.k,
            self.batch_size,
            self.num_workers,
        )
        if runner.epoch > 0:
            self._resume(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        if runner.epoch % self.interval:
            return
        self._measure(runner)
        too_long = self.watch.num_bad >= self.patience
        if self.stop and (too_long or BROKEN in self.watch.faults):
            raise StoppedError(self._why_stopped(runner))

    def after_train(self, runner: Runner) -> None:
        self._measure(runner)

    def _measure(self, runner: Runner) -> None:
        """Measure the model as it is, and log what that tells."""
        epoch = runner.epoch
        after = f'features after {epoch} epochs'
        try:
            now = self._figures(runner)
        except FeaturePassError as error:
            new = self.watch.add_broken(epoch, str(error))
        else:
            new, ended = self.watch.add(epoch, now)
            runner.visualizer.add_scalars(now.scalars(), step=epoch)
            assert self.watch.first is not None  # Of this one at the least.
            line = now.line(self.watch.first)
            runner.logger.info(f'{after} (in brackets: at the start): {line}')
            for text in ended:
                runner.logger.info(f'{after} are good again: {text}')
        for text in new:
            runner.logger.warning(f'features get worse: {text}')

    def _figures(self, runner: Runner) -> FeatureHealth:
        """Return the figures of this epoch, the same on all ranks."""
        model = get_ori_model(runner.model)
        now = self._pass.measure(model, with_knn=self._probe is None)
        if self._probe is not None and runner.epoch in self._probe.found:
            knn, num_queries = self._probe.found[runner.epoch]
            now = replace(now, knn=knn, num_queries=num_queries)
        tree = getattr(model, 'tree', None)
        if tree is not None:
            finest = tree.summary()[0]
            use = tree_use(finest['size_entropy'], finest['K'])
            now = replace(now, tree_use=use)
        # Ranks must decide alike, even if they round differently.
        of_first = [now]
        broadcast_object_list(of_first)
        return of_first[0]

    def _resume(self, runner: Runner) -> None:
        stored, self._stored = self._stored, None
        if stored is None:
            why = 'the checkpoint does not have the figures of the start'
        elif same_data(stored['data'], self._pass.data) is False:
            why = 'the figures in the checkpoint are of other images'
        else:
            self.watch.load_state_dict(stored)
            return
        runner.logger.warning(
            f'feature health: {why}. Features are compared with those after '
            f'{runner.epoch} epochs, with which this run begins'
        )

    def _why_stopped(self, runner: Runner) -> str:
        faults = '; '.join(self.watch.present())
        return (
            f'features are worse than at the start: {faults}. Training stops '
            f'after {runner.epoch} epochs; measurements in a row that find '
            f'this: {self.watch.num_bad}. '
            f'{_last_good(runner, self.watch.last_good)}. To train on in any '
            'case, resume with default_hooks.feature_health.stop=False'
        )


def _last_good(runner: Runner, epoch: int) -> str:
    """Return which checkpoint has the last good features."""
    if epoch == 0:
        return 'No checkpoint has features as good as those at the start'
    (hook, *_) = [
        *(h for h in runner.hooks if isinstance(h, CheckpointHook)),
        None,
    ]
    folder = Path(getattr(hook, 'out_dir', None) or runner.work_dir)
    files = epoch_files(folder, '.', epoch)
    if files:
        return f'The last checkpoint of good features is {files[-1]}'
    return (
        f'The features were good after {epoch} epochs, but there is no '
        'checkpoint of then. default_hooks.checkpoint.max_keep_ckpts keeps '
        "more checkpoints, default_hooks.checkpoint.save_best='knn/top1' "
        'with a kNN probe keeps the best one'
    )


def _pipeline_of_run(runner: Runner) -> list[dict]:
    """Return the pipeline of a feature pass of another hook."""
    for hook in runner.hooks:
        if isinstance(hook, FeaturePassHook):
            return hook.pipeline
    for hook in runner.hooks:
        if isinstance(hook, KNNProbeHook) and hook.gallery[0].get('pipeline'):
            return hook.gallery[0]['pipeline']
    raise ValueError(
        'FeatureHealthHook needs the pipeline of its feature pass, and no '
        'other hook of this run has one: give pipeline=[...], such as the '
        'centre crop of configs/_base_/centre_crop.py'
    )
