"""Names and units of the metrics that trainings log."""

from typing import NamedTuple


class _Kind(NamedTuple):
    """How a metric is shown.

    Args:
        figure: Name of its figure in tables.
        scale: What a logged value is multiplied by to be in percent.
    """

    figure: str
    scale: float = 1.0


# MMDetection logs precisions between 0 and 1, MMPreTrain between 0 and 100.
_KINDS = {
    'accuracy/top1': _Kind('top-1'),
    'accuracy/top5': _Kind('top-5'),
    'multi-label/mAP': _Kind('mAP'),
    'pascal_voc/mAP': _Kind('AP', 100.0),
    'pascal_voc/AP50': _Kind('AP50', 100.0),
    'pascal_voc/AP75': _Kind('AP75', 100.0),
    'coco/bbox_mAP': _Kind('box AP', 100.0),
    'coco/bbox_mAP_50': _Kind('box AP50', 100.0),
    'coco/bbox_mAP_75': _Kind('box AP75', 100.0),
    'coco/bbox_mAP_s': _Kind('box AP small', 100.0),
    'coco/bbox_mAP_m': _Kind('box AP medium', 100.0),
    'coco/bbox_mAP_l': _Kind('box AP large', 100.0),
    'coco/segm_mAP': _Kind('mask AP', 100.0),
    'coco/segm_mAP_50': _Kind('mask AP50', 100.0),
    'coco/segm_mAP_75': _Kind('mask AP75', 100.0),
    'coco/segm_mAP_s': _Kind('mask AP small', 100.0),
    'coco/segm_mAP_m': _Kind('mask AP medium', 100.0),
    'coco/segm_mAP_l': _Kind('mask AP large', 100.0),
}


def figure_of(metric: str) -> str:
    """Return the name of a metric's figure in tables.

    Args:
        metric: Name of the metric in MMEngine's log. One that is not known
            keeps its name.

    Example:
        >>> figure_of('coco/segm_mAP'), figure_of('mIoU')
        ('mask AP', 'mIoU')
    """
    return _KINDS.get(metric, _Kind(metric)).figure


def in_percent(metric: str, value: float) -> float:
    """Return the logged value of a metric in percent.

    Args:
        metric: Name of the metric in MMEngine's log. Values of one that is
            not known are taken for percentages.
        value: Its value in the log.

    Example:
        >>> in_percent('pascal_voc/AP50', 0.75)
        75.0
    """
    return value * _KINDS.get(metric, _Kind(metric)).scale
