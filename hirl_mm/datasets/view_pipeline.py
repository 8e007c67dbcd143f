from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hirl_mm.datasets.view_steps import NoDeviceFormError, is_part_of_views
from hirl_mm.registry import type_name

# Transforms that make several views.
_MAKERS = 'MultiView', 'PatchPyramid'
# Transforms after the views that do not look at the image.
_MASKS = (
    *('BlockMask', 'BEiTBlockMask'),
    *('BEiTMaskGenerator', 'SimMIMMaskGenerator'),
)


class SplitPipeline(NamedTuple):
    """A pipeline of which a part runs on the device.

    Args:
        workers: Transforms that stay in the workers.
        num_views: Number of views of each kind.
        transforms: One list of transforms per kind of view.
        patches: Scales and transforms of the patches of a ``PatchPyramid``,
            see :class:`~hirl_mm.models.data_preprocessors.DeviceViews`; None
            without one.
    """

    workers: list[Mapping]
    num_views: list[int]
    transforms: list[list[Mapping]]
    patches: dict | None = None


def split_pipeline(pipeline: Sequence[Mapping]) -> SplitPipeline:
    """Split a pipeline into what workers do and what the device does.

    The device makes the views of ``MultiView`` or ``PatchPyramid``, or,
    without them, the transforms from the first one on of a kind that it knows.
    Transforms before them stay in the workers, and so do masks of patches
    after them. ``PackInputs`` becomes ``PackWholeImage``.

    Args:
        pipeline: Pipeline of a training, from loading an image to packing it.

    Returns:
        The parts; see :func:`~hirl_mm.datasets.view_steps.view_of` for the
        transforms of views.

    Raises:
        NoDeviceFormError: If a transform has no form for the device, there is
            no view to make, or nothing packs the images.
    """
    names = [type_name(cfg.get('type')) for cfg in pipeline]
    if not names or names[-1] != 'PackInputs':
        raise NoDeviceFormError(
            'views on the device need a pipeline that ends with PackInputs, '
            f'got {", ".join(names) or "an empty one"}'
        )
    patches = None
    makers = [i for i, name in enumerate(names) if name in _MAKERS]
    if makers:
        first = makers[0]
        multi = pipeline[first]
        num_views = multi['num_views']
        num_views = [num_views] if isinstance(num_views, int) else num_views
        transforms, after = multi['transforms'], pipeline[first + 1 : -1]
        if names[first] == 'PatchPyramid':
            patches = dict(
                scales=multi['scales'],
                transforms=multi['patch_transforms'],
                enlarge_small_images=multi.get('enlarge_small_images', False),
            )
    else:
        first, last = _single_view(pipeline[:-1], names)
        num_views, transforms = [1], [pipeline[first:last]]
        after = pipeline[last:-1]
    for cfg in after:
        if type_name(cfg['type']) not in _MASKS:
            raise NoDeviceFormError(
                f'{type_name(cfg["type"])} comes after the views and has no '
                'form for the device. The workers can make the views of any '
                "pipeline: views='cpu'"
            )
    packed = dict(pipeline[-1], type='hirl_mm.PackWholeImage')
    workers = [*pipeline[:first], *after, packed]
    return SplitPipeline(workers, list(num_views), list(transforms), patches)


def _single_view(
    pipeline: Sequence[Mapping], names: Sequence[str]
) -> tuple[int, int]:
    """Return where the transforms of the only view begin and end."""
    forms = [is_part_of_views(cfg) for cfg in pipeline]
    if True not in forms:
        raise NoDeviceFormError(
            'no transform of the pipeline has a form for the device: '
            f'{", ".join(names)}. The workers can make the views of any '
            "pipeline: views='cpu'"
        )
    first = forms.index(True)
    rest = [*forms[first:], False]
    return first, first + rest.index(False)
