"""Steps on the device that do what MMPreTrain's transforms do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from mmcv.transforms import BaseTransform, RandomApply, RandomGrayscale
from mmengine.registry import DefaultScope
from mmpretrain.datasets import transforms as mmpretrain
from mmpretrain.registry import TRANSFORMS

from hirl_mm import views
from hirl_mm.datasets.transforms import TwoSizeCrop
from hirl_mm.views import PatchScale, PatchViews, View
from hirl_mm.views.plan import Step

_FILTERS = 'bilinear', 'bicubic', 'lanczos'


class NoDeviceFormError(ValueError):
    """A transform of a pipeline has no form for the device."""


def view_of(transforms: Sequence[Mapping]) -> View:
    """Return the view on the device that a list of transforms describes.

    ``RandomResizedCrop`` (with Pillow), hirl_mm's ``TwoSizeCrop``,
    ``RandomFlip``, ``ColorJitter``, ``RandomGrayscale``, ``GaussianBlur``,
    ``Solarize`` and ``RandomApply`` of one of these have a form for the
    device. The same parameters give the same view up to rounding, see
    docs/views.md.

    Args:
        transforms: Configs of MMPreTrain's transforms.

    Raises:
        NoDeviceFormError: If one of them has no form for the device; the
            error names it.
    """
    return View([_step(transform) for transform in _built(transforms)])


def patch_views_of(
    scales: Sequence[Mapping], transforms: Sequence[Mapping]
) -> list[PatchViews]:
    """Return the patches on the device that a ``PatchPyramid`` describes.

    Args:
        scales: Arguments of the :class:`~hirl_mm.views.PatchScale` of every
            scale.
        transforms: Configs of the transforms of every patch, see
            :func:`view_of`.

    Raises:
        NoDeviceFormError: If a transform has no form for the device.
    """
    steps = view_of(transforms).steps
    return [PatchViews(PatchScale(**scale), steps) for scale in scales]


def is_part_of_views(cfg: Mapping) -> bool:
    """Return whether a transform is of a kind that the device knows.

    Its arguments may have no form for the device; :func:`view_of` says so.

    Args:
        cfg: Config of a transform.
    """
    (transform,) = _built([cfg])
    return _is_known(transform)


def _built(transforms: Sequence[Mapping]) -> list[BaseTransform]:
    # Transforms inside of others are found in the scope that is entered.
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return [TRANSFORMS.build(dict(cfg)) for cfg in transforms]


def _is_known(transform: BaseTransform) -> bool:
    if isinstance(transform, RandomApply):
        return any(map(_is_known, transform))
    return type(transform) in _FORMS


def _step(transform: BaseTransform) -> Step:
    form = _FORMS.get(type(transform))
    if form is None:
        _refuse(transform, 'has no form for the device')
    return form(transform)


def _crop(transform: BaseTransform) -> views.RandomResizedCrop:
    if transform.backend != 'pillow':
        _refuse(
            transform,
            'resizes with OpenCV, without antialiasing; the device resizes as '
            "Pillow does. Set backend='pillow' in it",
        )
    if transform.interpolation not in _FILTERS:
        _refuse(
            transform,
            f'has a form for the device with {", ".join(_FILTERS)} alone',
        )
    return views.RandomResizedCrop(
        size=tuple(transform.scale),
        crop_ratio_range=tuple(transform.crop_ratio_range),
        aspect_ratio_range=tuple(transform.aspect_ratio_range),
        interpolation=transform.interpolation,
        num_tries=transform.max_attempts,
    )


def _two_size_crop(transform: TwoSizeCrop) -> views.RandomResizedCrop:
    size, second_size = transform.sizes
    interpolation, second_interpolation = transform.interpolations
    return views.RandomResizedCrop(
        size=(size, size),
        second_size=(second_size, second_size),
        crop_ratio_range=transform.crop_ratio_range,
        aspect_ratio_range=transform.aspect_ratio_range,
        interpolation=interpolation,
        second_interpolation=second_interpolation,
    )


def _flip(transform: BaseTransform) -> views.Flip:
    if transform.direction != 'horizontal' or transform.prob is None:
        _refuse(transform, 'has a form for the device only if horizontal')
    return views.Flip(transform.prob)


def _jitter(transform: BaseTransform) -> views.ColorJitter:
    if transform.backend != 'pillow':
        _refuse(transform, "computes with OpenCV. Set backend='pillow' in it")
    return views.ColorJitter(
        brightness=transform.brightness,
        contrast=transform.contrast,
        saturation=transform.saturation,
        hue=transform.hue,
    )


def _grayscale(transform: RandomGrayscale) -> views.Grayscale:
    if not transform.keep_channels or transform.color_format == 'hsv':
        _refuse(transform, 'needs keep_channels=True, and no HSV images')
    return views.Grayscale(transform.prob, tuple(transform.channel_weights))


def _blur(transform: BaseTransform) -> views.GaussianBlur:
    radii = _magnitudes(transform, transform.radius)
    return views.GaussianBlur(radii, transform.prob)


def _solarize(transform: BaseTransform) -> views.Solarize:
    if transform.thr is None:
        _refuse(transform, 'needs a fixed threshold, thr=...')
    return views.Solarize(transform.thr, transform.prob)


def _magnitudes(
    transform: BaseTransform, fixed: float | None
) -> tuple[float, float]:
    """Return the range of a magnitude that is drawn uniformly."""
    if fixed is not None:
        return fixed, fixed
    low, high = transform.magnitude_range
    share = transform.magnitude_level / transform.total_level
    most = low + share * (high - low)
    if transform.magnitude_std == 'inf':
        return low, most
    if transform.magnitude_std == 0:
        return most, most
    _refuse(transform, "needs magnitude_std='inf' or 0")


def _sometimes(transform: RandomApply) -> Step:
    inner = list(transform)
    if len(inner) != 1:
        _refuse(
            transform,
            'has a form for the device only with one transform inside, got '
            f'{len(inner)}',
        )
    step = _step(inner[0])
    if not hasattr(step, 'prob'):
        _refuse(transform, f'cannot leave out a {type(inner[0]).__name__}')
    return replace(step, prob=step.prob * transform.prob)


_FORMS: dict[type, Callable[..., Step]] = {
    mmpretrain.RandomResizedCrop: _crop,
    TwoSizeCrop: _two_size_crop,
    mmpretrain.RandomFlip: _flip,
    mmpretrain.ColorJitter: _jitter,
    RandomGrayscale: _grayscale,
    mmpretrain.GaussianBlur: _blur,
    mmpretrain.Solarize: _solarize,
    RandomApply: _sometimes,
}


def _refuse(transform: BaseTransform, reason: str) -> NoReturn:
    raise NoDeviceFormError(
        f'{type(transform).__name__} {reason}. The workers can make the views '
        f"of any pipeline: views='cpu'. The transform is {transform}"
    )
