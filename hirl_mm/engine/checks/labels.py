from collections.abc import Mapping, Sequence

from mmpretrain.models import MultiLabelClsHead
from torch import nn
from torch.utils.data import Dataset

from hirl_mm.datasets.image_label import plain
from hirl_mm.datasets.wrappers import leaves_of


def check_labels(model: nn.Module, datasets: Mapping[str, Dataset]) -> None:
    """Check that images have the labels that a multi-label classifier needs.

    MMPreTrain trains a classifier of several labels on images of one class
    each without a word, and finds labels without an output in the middle of
    an epoch. Does nothing for other models.

    Args:
        model: Model of the training.
        datasets: Data sets with labels by their names in messages, such as
            ``'training images'``.

    Raises:
        ValueError: If an image has no list of labels, a label has no output
            of the classifier, a data set names another number of classes, or
            the data preprocessor makes no targets for them.
    """
    head = getattr(model, 'head', None)
    if not isinstance(head, MultiLabelClsHead):
        return
    num = getattr(head, 'num_classes', None)
    _check_preprocessor(model, num)
    for what, dataset in datasets.items():
        for leaf in leaves_of(dataset):
            source = f'the {what} ({type(leaf).__name__})'
            _check_names(leaf.metainfo.get('classes'), source, num)
            for index in range(len(leaf)):
                info = leaf.get_data_info(index)
                label = plain(info.get('gt_label'))
                _check_label(label, info.get('img_path'), source, num)


def _check_preprocessor(model: nn.Module, num: int | None) -> None:
    preprocessor = model.data_preprocessor
    found = dict(
        num_classes=getattr(preprocessor, 'num_classes', None),
        to_onehot=getattr(preprocessor, 'to_onehot', False),
    )
    wanted = dict(num_classes=num, to_onehot=True)
    if num is not None and found != wanted:
        raise ValueError(
            f'the classifier learns {num} classes that an image may show '
            f'together, which needs data_preprocessor={wanted}, got {found}'
        )


def _check_names(
    names: Sequence[str] | None, source: str, num: int | None
) -> None:
    if names is not None and num is not None and len(names) != num:
        raise ValueError(
            f'{source} name {len(names)} classes, but the classifier has '
            f'{num} outputs: set num_classes in data_preprocessor and '
            f'model.head to {len(names)}, or give the annotations of the '
            'data set that the config is for'
        )


def _check_label(
    label: object, image: object, source: str, num: int | None
) -> None:
    if not isinstance(label, (list, tuple)) or not all(
        isinstance(k, int) for k in label
    ):
        raise ValueError(
            f'{source} have the label {label!r} (of {image}), but the '
            'classifier learns which classes an image shows together: it '
            'needs a list of their numbers, which may be empty, such as '
            '[0, 3]. Use VOC, or MultiLabelDataset with a file of '
            'tools/dataset_converters/coco_multilabel.py; for images of one '
            'class each use the configs of configs/evaluation/linear'
        )
    wrong = [k for k in label if k < 0 or (num is not None and k >= num)]
    if wrong:
        known = (
            'labels begin at 0'
            if num is None
            else f'the classifier has {num} outputs, for the labels 0 to '
            f'{num - 1}'
        )
        raise ValueError(
            f'{source} have the labels {wrong} (of {image}), but {known}: '
            'correct the annotations, or set num_classes in '
            'data_preprocessor and model.head'
        )
