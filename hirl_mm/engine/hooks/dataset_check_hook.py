from mmengine.dataset import BaseDataset
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmengine.runner.loops import BaseLoop
from mmpretrain.models import BaseClassifier
from mmpretrain.utils import get_ori_model
from torch.utils.data import Dataset

from hirl_mm.datasets.class_alignment import align_classes
from hirl_mm.datasets.left_out import warn_of_left_out
from hirl_mm.datasets.wrappers import unwrapped
from hirl_mm.engine.checks.labels import check_labels
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook

_TRAIN, _VAL, _TEST = 'training images', 'validation images', 'test images'


@HOOKS.register_module()
class DatasetCheckHook(NamedHook):
    """Say which images a run leaves out, and number its classes alike.

    Before the first iteration, warnings say which images of a folder are not
    read, because of their extension or because they are in no class folder.

    For a classifier, the validation and test images get the labels that
    their classes have in the training, by the names of the classes; see
    :func:`~hirl_mm.datasets.class_alignment.align_classes`. Otherwise a
    split that lacks a class would number its classes differently. A test
    takes the names from the checkpoint, where MMEngine stores them. For a
    classifier of several labels per image, the labels are checked before, see
    :func:`~hirl_mm.engine.checks.labels.check_labels`.

    ``tools/train.py`` and ``tools/test.py`` add this hook.

    Raises:
        ValueError: Before the first iteration, if the classes of two splits
            have no name in common, images are in hidden class folders, the
            labels do not fit a classifier of several labels per image, or
            the labels of the training images would change while a loop that
            counts iterations already reads them.
    """

    config_name = 'dataset_check'

    def __init__(self) -> None:
        self._classes: tuple[str, ...] = ()

    def before_run(self, runner: Runner) -> None:
        super().before_run(runner)
        if not isinstance(runner._train_loop, BaseLoop):
            return
        datasets = {_TRAIN: runner.train_dataloader.dataset}
        if isinstance(runner._val_loop, BaseLoop):
            datasets[_VAL] = runner.val_dataloader.dataset
        for what, dataset in datasets.items():
            warn_of_left_out(dataset, what)
        if not _classifies(runner) or not _has_labels(datasets[_TRAIN]):
            return
        datasets = {k: d for k, d in datasets.items() if _has_labels(d)}
        check_labels(get_ori_model(runner.model), datasets)
        changed = align_classes(datasets)
        by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        if _TRAIN in changed and not by_epoch:
            raise ValueError(
                'the training images have class folders that are hidden or '
                'have no images, and a loop that counts iterations reads them '
                'already: delete these folders, or use the type '
                'hirl_mm.FolderImages, which does not count them'
            )
        metainfo = datasets[_TRAIN].metainfo
        self._classes = metainfo.get('classes') or ()
        runner.visualizer.dataset_meta = metainfo
        if _VAL in datasets:
            runner.val_loop.evaluator.dataset_meta = metainfo

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        meta = checkpoint.get('meta') or {}
        stored = (meta.get('dataset_meta') or {}).get('classes')
        self._classes = self._classes or stored or ()

    def before_val(self, runner: Runner) -> None:
        if not isinstance(runner._train_loop, BaseLoop):
            self._follow(runner, runner.val_loop, _VAL)

    def before_test(self, runner: Runner) -> None:
        self._follow(runner, runner.test_loop, _TEST)

    def _follow(self, runner: Runner, loop: BaseLoop, what: str) -> None:
        """Number the classes of a split as those of the training."""
        dataset: BaseDataset = loop.dataloader.dataset
        warn_of_left_out(dataset, what)
        if not self._classes or not _classifies(runner):
            return
        if not _has_labels(dataset):
            return
        align_classes({'training': self._classes, what: dataset})
        loop.evaluator.dataset_meta = dataset.metainfo
        runner.visualizer.dataset_meta = dataset.metainfo


def _has_labels(dataset: Dataset) -> bool:
    """Whether a data set tells the labels of its images."""
    return all(hasattr(leaf, 'get_data_info') for leaf in unwrapped(dataset))


def _classifies(runner: Runner) -> bool:
    return isinstance(get_ori_model(runner.model), BaseClassifier)
