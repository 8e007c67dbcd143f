"""MMPreTrain's transforms as steps on the device, with the same parameters."""

import pytest

from hirl_mm.datasets.view_steps import NoDeviceFormError, view_of
from hirl_mm.views import (
    ColorJitter,
    Flip,
    GaussianBlur,
    Grayscale,
    RandomResizedCrop,
    Solarize,
)
from tests.device_recipes import recipe

WEIGHTS = (0.114, 0.587, 0.2989)


def views_of(method):
    """Views of a recipe, one list of steps per kind."""
    pipeline = recipe(method).train_dataloader.dataset.pipeline
    return [list(view_of(steps).steps) for steps in pipeline[1].transforms]


def jitter(brightness, contrast, saturation, hue, prob):
    """Ranges around 1, and of the hue around 0."""
    around = ((1 - x, 1 + x) for x in (brightness, contrast, saturation))
    return ColorJitter(*around, (-hue, hue), prob)


def test_moco_v2():
    (steps,) = views_of('MoCo v2')
    assert steps == [
        RandomResizedCrop((224, 224), (0.2, 1.0), interpolation='bilinear'),
        jitter(0.4, 0.4, 0.4, 0.1, 0.8),
        Grayscale(0.2, WEIGHTS),
        GaussianBlur((0.1, 2.0), 0.5),
        Flip(0.5),
    ]


def test_moco_v3():
    first, second = views_of('MoCo v3')
    assert [step.prob for step in first[1:]] == [0.8, 0.2, 1.0, 0.0, 0.5]
    assert [step.prob for step in second[1:]] == [0.8, 0.2, 0.1, 0.2, 0.5]
    assert second[4] == Solarize(128, 0.2)


def test_dino():
    *_, local = views_of('DINO')
    assert local == [
        RandomResizedCrop((96, 96), (0.05, 0.25), interpolation='bicubic'),
        Flip(0.5),
        jitter(0.4, 0.4, 0.2, 0.1, 0.8),
        Grayscale(0.2, WEIGHTS),
        GaussianBlur((0.1, 2.0), 0.5),
    ]


def test_beit():
    pipeline = recipe('BEiT').train_dataloader.dataset.pipeline
    steps = list(view_of(pipeline[1:4]).steps)
    assert steps[0].hue is None and steps[0].prob == 1
    assert steps[1:] == [
        Flip(0.5),
        RandomResizedCrop(
            (224, 224),
            (0.08, 1.0),
            interpolation='bicubic',
            second_size=(112, 112),
            second_interpolation='lanczos',
        ),
    ]


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        (dict(radius=1.5), (1.5, 1.5)),
        (dict(magnitude_range=(1, 3)), (3, 3)),
        (dict(magnitude_range=(1, 3), magnitude_level=5), (2, 2)),
        (
            dict(
                magnitude_range=(1, 3), magnitude_level=5, magnitude_std='inf'
            ),
            (1, 2),
        ),
    ],
)
def test_magnitudes(options, expected):
    (step,) = view_of([dict(type='GaussianBlur', prob=0.3, **options)]).steps
    assert step == GaussianBlur(expected, 0.3)


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (
            dict(
                type='GaussianBlur', magnitude_range=(1, 3), magnitude_std=0.5
            ),
            "magnitude_std='inf' or 0",
        ),
        (dict(type='Solarize', magnitude_range=(0, 9)), 'a fixed threshold'),
        (
            dict(
                type='RandomResizedCrop',
                scale=8,
                backend='pillow',
                interpolation='area',
            ),
            'with bilinear, bicubic, lanczos alone',
        ),
        (dict(type='RandomGrayscale'), 'needs keep_channels=True'),
        (dict(type='ColorJitter', backend='cv2'), "Set backend='pillow'"),
        (
            dict(
                type='RandomApply',
                transforms=[
                    dict(type='RandomResizedCrop', scale=8, backend='pillow')
                ],
            ),
            'cannot leave out a RandomResizedCrop',
        ),
    ],
)
def test_forms_that_a_device_lacks(cfg, message):
    with pytest.raises(NoDeviceFormError, match=message):
        view_of([cfg])
