from mmengine.runner import Runner

from hirl_mm.engine.checks.epochs import check_counts_epochs
from hirl_mm.engine.checks.sample_indices import check_sample_indices
from hirl_mm.engine.features.feature_pass import feature_loader
from hirl_mm.engine.features.fingerprint import data_identity, same_data

from .named_hook import NamedHook


class FeaturePassHook(NamedHook):
    """Base of hooks that make something of all training images' features.

    It knows when: before every epoch from ``start_epoch`` on, every
    ``interval`` epochs, and while there is no result. It makes the loader of
    the training images in their evaluation form, and keeps the result in
    checkpoints under :attr:`state_key`, with the identity of the images. On
    resume the result is taken over, unless it is of other images.

    A subclass says what is made: it overrides :meth:`refresh`,
    :meth:`result_state`, :meth:`take_state` and, where a result may not fit
    the settings of the run, :meth:`misfit`.

    Args:
        start_epoch: Number of epochs before the first pass.
        pipeline: Data pipeline of the feature pass; it replaces that of the
            training data set.
        interval: Epochs between two passes.
        batch_size: Batch size of the feature pass, per rank.
        num_workers: Worker processes of the feature pass, per rank.

    Attributes:
        loader: Loader of this rank's share of the training images, from
            :func:`~hirl_mm.engine.features.feature_pass.feature_loader`; set
            before training.
        data: Identity of the training images, see
            :func:`~hirl_mm.engine.features.fingerprint.data_identity`; set
            before training.

    Raises:
        ValueError: If an argument is out of range, or before the first
            iteration if it does not fit the data or the schedule.
    """

    state_key: str
    """Where checkpoints keep the result; every subclass has its own."""

    def __init__(
        self,
        start_epoch: int,
        pipeline: list[dict],
        interval: int = 1,
        batch_size: int = 256,
        num_workers: int = 4,
    ) -> None:
        if start_epoch < 0 or interval < 1:
            raise ValueError(
                'start_epoch must be at least 0 and interval at least 1, got '
                f'{start_epoch} and {interval}'
            )
        self.start_epoch = start_epoch
        self.pipeline = pipeline
        self.interval = interval
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.data = ''
        self._stored: dict | None = None

    def refresh(self, runner: Runner) -> None:
        """Make a new result of the features of ``self.loader``'s images."""
        raise NotImplementedError

    def has_result(self, runner: Runner) -> bool:
        """Return whether there is a result; if not, every epoch is due."""
        raise NotImplementedError

    def result_state(self, runner: Runner) -> dict:
        """Return the result as tensors and plain types on the CPU.

        An entry ``data`` is the identity of the images it is made of;
        without one, it is of the training images of this run.
        """
        raise NotImplementedError

    def take_state(self, runner: Runner, state: dict | None) -> None:
        """Begin with the result of a checkpoint; None to begin without."""
        raise NotImplementedError

    def misfit(self, state: dict) -> str | None:
        """Return what keeps a stored result from use, None if nothing does.

        Look at the number of images here: it is all there is to see where an
        identity is not known. The text goes on from "the checkpoint holds".
        """

    def check_schedule(self, runner: Runner) -> None:
        """Raise ValueError unless the run reaches the first pass."""
        name = type(self).__name__
        check_counts_epochs(runner, f'{name} extracts features before epochs')
        if self.start_epoch >= runner.max_epochs:
            raise ValueError(
                f'start_epoch={self.start_epoch} of {name} is not reached in '
                f'a training of max_epochs={runner.max_epochs}: lower it'
            )

    def is_due(self, runner: Runner, epoch: int) -> bool:
        """Return whether a pass comes before an epoch, counted from 0."""
        num_since = epoch - self.start_epoch
        if num_since < 0:
            return False
        return num_since % self.interval == 0 or not self.has_result(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._stored = checkpoint.get(self.state_key)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if self.has_result(runner):
            state = self.result_state(runner)
            checkpoint[self.state_key] = {'data': self.data} | state

    def before_train(self, runner: Runner) -> None:
        self.check_schedule(runner)
        dataset = runner.train_dataloader.dataset
        check_sample_indices(dataset)
        self.loader = feature_loader(
            dataset, self.pipeline, self.batch_size, self.num_workers
        )
        self.data = data_identity(dataset)
        self.take_state(runner, self._resumed_state(runner))

    def before_train_epoch(self, runner: Runner) -> None:
        if self.is_due(runner, runner.epoch):
            self.refresh(runner)

    def _resumed_state(self, runner: Runner) -> dict | None:
        """The result of the checkpoint, if the run goes on with it."""
        stored, self._stored = self._stored, None
        if stored is None or runner.epoch <= self.start_epoch:
            return None
        reason = self.misfit(stored)
        same = same_data(stored.get('data', ''), self.data)
        if reason is None and same is False:
            reason = (
                f'a {self.state_key} over other images than those of this '
                f'run ({runner.train_dataloader.dataset.data_root}), or over '
                'the same in another order'
            )
        if reason is not None:
            runner.logger.warning(
                f'the checkpoint holds {reason}: building anew'
            )
            return None
        if same is None:
            runner.logger.warning(
                f'nothing tells whether the {self.state_key} of the '
                'checkpoint is over the images of this run, in their order '
                '(those of earlier versions do not say it). It fits in all '
                'else and is used; if the images are others, start a run of '
                'its own, without resume'
            )
        return stored
