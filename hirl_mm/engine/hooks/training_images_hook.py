from mmengine.dist import all_reduce
from mmengine.runner import BaseLoop, Runner
from torch import Tensor

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.image_digests import changed_images, image_digests
from hirl_mm.datasets.unreadable_notes import noted_unreadable
from hirl_mm.datasets.wrappers import unwrapped
from hirl_mm.engine.features.image_reading import warn_of_unreadable
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook

# Entry of checkpoints, 8 bytes per image.
_KEY = 'training_images'


@HOOKS.register_module()
class TrainingImagesHook(NamedHook):
    """Say which training images cannot be read, and which have changed.

    After an epoch a warning names the images of all ranks that could not be
    read and in whose place others were drawn, if ``LoadImage`` of the data
    set has ``ignore_empty=True``. Each is named once.

    Checkpoints hold a hash of every image's name. A run that is resumed with
    other images says how many were added and how many are gone. Trees and
    features of an unfinished epoch are checked by the hook that builds trees.

    ``tools/train.py`` adds this hook.
    """

    config_name = 'training_images'
    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self._unreadable: Tensor | None = None
        self._named: set[int] = set()
        self._digests: Tensor | None = None

    def before_run(self, runner: Runner) -> None:
        super().before_run(runner)
        if _tells_images(runner):
            dataset = runner.train_dataloader.dataset
            self._unreadable = noted_unreadable(dataset)
            self._digests = image_digests(dataset)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        before = checkpoint.get(_KEY)
        if not runner._resume or before is None or self._digests is None:
            return
        change = changed_images(before, self._digests)
        if change is not None:
            runner.logger.warning(
                'the training images have changed since the checkpoint: '
                f'{change}'
            )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if self._digests is not None:
            checkpoint[_KEY] = self._digests

    def after_train_epoch(self, runner: Runner) -> None:
        if self._unreadable is None:
            return
        found = self._unreadable.clone()
        all_reduce(found, 'max')
        new = set(found.nonzero().flatten().tolist()) - self._named
        self._named |= new
        images = distinct_images(runner.train_dataloader.dataset)
        warn_of_unreadable(images, sorted(new), 'training')


def _tells_images(runner: Runner) -> bool:
    """Whether a run trains on a data set that tells which images it has."""
    if not isinstance(runner._train_loop, BaseLoop):
        return False
    leaves = unwrapped(runner.train_dataloader.dataset)
    return all(hasattr(leaf, 'get_data_info') for leaf in leaves)
