from abc import ABCMeta, abstractmethod

from mmengine.runner import Runner

from hirl_mm.datasets.sample_numbers import number_samples
from hirl_mm.engine.checks.epochs import check_counts_epochs
from hirl_mm.engine.checks.sample_indices import check_sample_indices
from hirl_mm.engine.features.feature_pass import feature_loader
from hirl_mm.engine.features.fingerprint import data_identity, same_data
from hirl_mm.engine.runtime.found_checkpoints import RUN_KEY

from .named_hook import NamedHook


class FeaturePassHook(NamedHook, metaclass=ABCMeta):
    """Base of hooks that compute a result from all training features.

    The training images are those that its data set draws samples from, each
    once: a data set that repeats images or concatenates others may be trained
    on. This class runs the feature passes: the first one before epoch
    ``start_epoch``, then one every ``interval`` epochs, and one before every
    epoch as long as there is no result. It builds the loader of the training
    images with the pipeline of the feature pass. It saves the result in
    checkpoints under :attr:`state_key`, with the identity of the images, and
    the epoch of the last pass. A resumed run continues with that result, also
    inside an epoch, unless it was computed from other images.

    A subclass defines the result: it overrides :meth:`refresh`,
    :meth:`has_result`, :meth:`result_state`, :meth:`take_state` and, if a
    stored result can contradict the settings of the run, :meth:`misfit`.

    Args:
        start_epoch: Number of epochs before the first pass.
        pipeline: Data pipeline of the feature pass; it replaces the pipeline
            of the training data set.
        interval: Number of epochs from one pass to the next.
        batch_size: Batch size of the feature pass, per rank.
        num_workers: Worker processes of the feature pass, per rank.

    Attributes:
        loader: Loader of this rank's share of the training images, from
            :func:`~hirl_mm.engine.features.feature_pass.feature_loader`; set
            before training.
        data: Identity of the training images, see
            :func:`~hirl_mm.engine.features.fingerprint.data_identity`; set
            before training.
        run: Name of the run; a resumed run keeps that of its first start. Set
            before training.

    Raises:
        ValueError: If an argument is out of range, or before the first
            iteration if it does not fit the data or the schedule.
    """

    state_key: str
    """Key of the result in checkpoints; every subclass needs its own."""

    def __init__(
        self,
        start_epoch: int,
        pipeline: list[dict],
        interval: int = 1,
        batch_size: int = 256,
        num_workers: int = 4,
    ) -> None:
        whole = isinstance(start_epoch, int) and isinstance(interval, int)
        if not whole or start_epoch < 0 or interval < 1:
            raise ValueError(
                'start_epoch must be at least 0 and interval at least 1, got '
                f'{start_epoch!r} and {interval!r}'
            )
        self.start_epoch = start_epoch
        self.pipeline = pipeline
        self.interval = interval
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.data = ''
        self.run = ''
        self._stored: dict | None = None

    @abstractmethod
    def refresh(self, runner: Runner, epoch: int) -> None:
        """Compute a new result from the images of ``self.loader``.

        Args:
            runner: Runner of the training.
            epoch: Epoch that the result is for, counted from 0.
        """

    @abstractmethod
    def has_result(self, runner: Runner) -> bool:
        """Return whether there is a result.

        Without one, a pass comes before every epoch from ``start_epoch`` on.
        """

    @abstractmethod
    def result_state(self, runner: Runner) -> dict:
        """Return the result as tensors and plain types on the CPU.

        An entry ``data`` is the identity of the images that it was computed
        from. Without this entry, the images of this run are assumed.
        """

    @abstractmethod
    def take_state(self, runner: Runner, state: dict | None) -> None:
        """Start from the result of a checkpoint, or from none.

        Args:
            runner: Runner of the training.
            state: Stored result, see :meth:`result_state`; None to start
                without a result.
        """

    def misfit(self, state: dict) -> str | None:
        """Return why a stored result cannot be used, None if it can.

        Check the number of images here: a checkpoint of an earlier version
        does not store the identity of its images. The text completes the
        sentence "the checkpoint holds ...".

        Args:
            state: Stored result, see :meth:`result_state`.
        """

    def check_schedule(self, runner: Runner) -> None:
        """Raise ValueError if the training ends before the first pass."""
        name = type(self).__name__
        check_counts_epochs(runner, f'{name} extracts features before epochs')
        if self.start_epoch >= runner.max_epochs:
            raise ValueError(
                f'start_epoch={self.start_epoch} of {name} is never reached: '
                f'the training has max_epochs={runner.max_epochs}. Lower '
                'start_epoch or train for more epochs'
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
        number_samples(dataset)
        self.loader = feature_loader(
            dataset, self.pipeline, self.batch_size, self.num_workers
        )
        self.data = data_identity(dataset)
        self.run = runner.message_hub.get_info(RUN_KEY, '')
        self.take_state(runner, self._resumed_state(runner))

    def before_train_epoch(self, runner: Runner) -> None:
        # Another hook may have switched the pipelines of the data set.
        number_samples(runner.train_dataloader.dataset)
        self.pass_if_due(runner, runner.epoch)

    def pass_if_due(self, runner: Runner, epoch: int) -> None:
        """Compute the result of an epoch if it is due and was not yet.

        A run that is resumed inside an epoch has the result of this epoch.

        Args:
            runner: Runner of the training.
            epoch: Epoch, counted from 0.
        """
        if self.last_pass(runner) != epoch and self.is_due(runner, epoch):
            self.refresh(runner, epoch)
            runner.message_hub.update_info(self._pass_key, epoch)

    def last_pass(self, runner: Runner) -> int:
        """Return the epoch of the last pass, from 0; -1 if there was none."""
        return runner.message_hub.runtime_info.get(self._pass_key, -1)

    @property
    def _pass_key(self) -> str:
        return f'{self.state_key}_epoch'

    def _resumed_state(self, runner: Runner) -> dict | None:
        """Return the checkpoint's result if this run can use it."""
        stored, self._stored = self._stored, None
        passed = max(runner.epoch - 1, self.last_pass(runner))
        if stored is None or passed < self.start_epoch:
            return None
        reason = self.misfit(stored)
        same = same_data(stored.get('data', ''), self.data)
        if reason is None and same is False:
            reason = (
                f'a {self.state_key} of other images than those of this run '
                f'({self.loader.dataset.data_root}), or of the '
                'same images in another order'
            )
        if reason is not None:
            runner.message_hub.update_info(self._pass_key, -1)
            runner.logger.warning(
                f'the checkpoint holds {reason}: building anew'
            )
            return None
        if same is None:
            runner.logger.warning(
                f'cannot check whether the {self.state_key} of the '
                'checkpoint was computed from the images of this run, in '
                'this order: checkpoints of earlier versions do not store '
                'it. Everything else fits, so it is used. If the images '
                'differ, start a new run without resume'
            )
        return stored
