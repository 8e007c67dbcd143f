import re

import pytest
import torch

from hirl_mm.views import (
    ColorJitter,
    Flip,
    GaussianBlur,
    Grayscale,
    RaggedImages,
    RandomResizedCrop,
    Solarize,
    View,
    ViewParameters,
)
from hirl_mm.views.plan import plan_of

SIZES = [(30, 40), (1, 90), (25, 8)]
CROP = RandomResizedCrop((12, 16))
JITTER = ColorJitter((0.5, 1.5), (0.5, 1.5), (0.5, 1.5), (-0.2, 0.2), 0.8)
STEPS = [
    *(CROP, JITTER, Grayscale(0.3), GaussianBlur((0.1, 2)), Solarize(99)),
    Flip(),
]


@pytest.fixture
def images():
    return [torch.randint(0, 256, (*size, 3)).byte() for size in SIZES]


@pytest.fixture
def ragged(images):
    return RaggedImages.of(images)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def part(parameters, rows):
    drawn = [
        d[rows] if torch.is_tensor(d) else type(d)(*(x[rows] for x in d))
        for d in parameters.drawn
    ]
    return ViewParameters(parameters.image[rows], tuple(drawn))


def test_draws_depend_on_the_generator_alone(ragged):
    view = View(STEPS)
    state = torch.get_rng_state()
    first = view.apply(ragged, view.draw(ragged.sizes, generator()))
    torch.rand(3)
    again = view.apply(ragged, view.draw(ragged.sizes, generator()))
    other = view.apply(ragged, view.draw(ragged.sizes, generator(1)))
    assert torch.equal(first, again) and not torch.equal(first, other)
    torch.set_rng_state(state)
    view.draw(ragged.sizes, generator())
    assert torch.equal(torch.get_rng_state(), state)


def test_several_views_of_every_image_in_one_call(images, ragged):
    """First a view of every image, then the second of every image."""
    view = View(STEPS)
    parameters = view.draw(ragged.sizes, generator(), count=4)
    views = view.apply(ragged, parameters)
    assert views.shape == (12, 3, 12, 16) and views.dtype == torch.uint8
    assert views.is_contiguous() and len(parameters) == 12
    for i, batch in enumerate(views.split(3)):
        for j, image in enumerate(images):
            one = part(parameters, torch.tensor([3 * i + j]))
            assert one.image.item() == j
            one = ViewParameters(torch.tensor([0]), one.drawn)
            alone = view.apply(RaggedImages.of([image]), one)[0]
            assert torch.equal(batch[j], alone)
    first, second = views.split(3)[:2]
    assert not torch.equal(first, second)


def test_images_stay_as_they_are(ragged):
    pixels = ragged.pixels.clone()
    for steps in (STEPS, [JITTER, Flip(1.0), CROP], [*STEPS, Flip(1.0)]):
        view = View(steps)
        view.apply(ragged, view.draw(ragged.sizes, generator()))
        assert torch.equal(ragged.pixels, pixels)


def test_whole_images_of_other_views(images, ragged):
    """Colours of whole images, where views take images in any order."""
    view = View([JITTER, Flip(), CROP])
    parameters = view.draw(ragged.sizes, generator(), count=2)
    rows = torch.tensor([4, 0, 5])
    some = view.apply(ragged, part(parameters, rows))
    assert torch.equal(some, view.apply(ragged, parameters)[rows])


def test_flips_before_and_after_the_crop():
    """A flip before a crop mirrors the box, too."""
    image = torch.arange(50).byte()[None, :, None].expand(4, 50, 3)
    ragged = RaggedImages.of([image] * 4)
    view = View([Flip(), RandomResizedCrop((4, 8)), Flip()])
    boxes = torch.tensor([[0, 10, 4, 8]]).expand(4, 4)
    before = torch.tensor([False, True, False, True])
    after = torch.tensor([False, False, True, True])
    parameters = ViewParameters(torch.arange(4), (before, boxes, after))
    rows = view.apply(ragged, parameters)[:, 0, 0].tolist()
    upwards, mirrored = list(range(10, 18)), list(range(32, 40))
    assert rows == [upwards, mirrored[::-1], upwards[::-1], mirrored]


def test_parameters_of_other_steps(ragged):
    """Jitters, flips, crops and blurs take only what was drawn for them."""
    flip = Flip().draw(ragged.sizes, generator())
    boxes = CROP.draw(ragged.sizes, generator())
    jitter = JITTER.draw(ragged.sizes, generator())
    image = torch.arange(len(ragged.sizes))
    for steps, drawn, text in (
        ([CROP, JITTER], (boxes, flip), 'Tensor for .* ColorJitterValues'),
        ([CROP, Solarize(9)], (boxes, jitter), 'ColorJitterValues for'),
        ([CROP, Flip()], (boxes, jitter), 'ColorJitterValues for'),
        ([CROP, GaussianBlur((1, 2))], (boxes, jitter), 'a step that needs'),
        ([CROP], (jitter,), 'use draw of the same view'),
    ):
        with pytest.raises(ValueError, match=text):
            View(steps).apply(ragged, ViewParameters(image, drawn))


def test_two_changes_of_one_kind_follow_each_other():
    """A stage knows the weights of one grey and the mean of one contrast."""
    contrast = ColorJitter(contrast=(0.5, 1.5))
    greys = Grayscale(1.0, (1, 0, 0)), Grayscale(1.0)
    for first, second in ((contrast, contrast), greys):
        stages = plan_of([CROP, first, Solarize(9), second]).after
        assert [stage.steps for stage in stages] == [(1, 2), (3,)]


def test_without_a_crop_images_need_one_size(images, ragged):
    view = View([Flip(1.0)])
    parameters = view.draw(ragged.sizes, generator())
    with pytest.raises(ValueError, match=r'one size, got .*\[1, 90\]'):
        view.apply(ragged, parameters)
    same = RaggedImages.of([images[0]] * 2)
    views = view.apply(same, view.draw(same.sizes, generator()))
    flipped = images[0].flip(1).permute(2, 0, 1)
    assert torch.equal(views, torch.stack([flipped] * 2))


def test_no_images():
    none = RaggedImages(torch.zeros(0, 3).byte(), torch.zeros(0, 2).long())
    for steps in (STEPS, [JITTER, CROP], [Flip()]):
        view = View(steps)
        views = view.apply(none, view.draw(none.sizes, generator()))
        assert len(views) == 0


@pytest.mark.parametrize(
    ('steps', 'message'),
    [
        ([CROP, CROP], 'a view has one crop, got 2'),
        ([GaussianBlur((0, 1)), CROP], 'a blur must come after the crop'),
        (
            [RandomResizedCrop((4, 4), second_size=(2, 2)), Flip()],
            r'no step may follow a crop to two sizes, got \[Flip',
        ),
    ],
)
def test_orders_without_a_form(steps, message):
    with pytest.raises(ValueError, match=message):
        View(steps)


def test_unknown_steps_are_named():
    message = "RandomResizedCrop, RandomCrop, Flip.*got 'Flip'"
    with pytest.raises(TypeError, match=message):
        View(['Flip'])


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda: RandomResizedCrop(224), r'size must be a height and a'),
        (lambda: RandomResizedCrop((4, 4), (0.5, 0.2)), 'crop_ratio_range'),
        (
            lambda: RandomResizedCrop((4, 4), aspect_ratio_range=(0, 1)),
            'begin above 0',
        ),
        (lambda: RandomResizedCrop((4, 4), num_tries=-1), 'got -1'),
        (
            lambda: RandomResizedCrop((4, 4), second_size=(0, 1)),
            'second_size must be',
        ),
        (
            lambda: RandomResizedCrop((4, 4), interpolation='area'),
            "one of bilinear, bicubic, lanczos, got 'area'",
        ),
        (lambda: ColorJitter(hue=(-0.6, 0)), r'from -0.5 to 0.5'),
        (lambda: ColorJitter(contrast=0.4), 'two numbers .* got 0.4'),
        (lambda: ColorJitter(prob=1.2), 'prob must be a number from 0 to 1'),
        (lambda: Grayscale(0.1, (0, 0, 0)), 'one of them above 0'),
        (lambda: GaussianBlur((2, 0.1)), 'the smaller one first'),
        (lambda: Solarize(float('nan')), 'threshold must be a number'),
        (lambda: Flip(-0.1), 'got -0.1'),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    'box', [(0, 80, 1, 11), (-1, 0, 1, 9), (0, 0, 2, 9), (0, 5, 1, 0)]
)
def test_crops_outside_of_an_image_are_refused(ragged, box):
    boxes = torch.tensor([[0, 0, 30, 40], box, [0, 0, 2, 2]])
    view = View([CROP])
    message = re.escape(f'view 1, (top, left, height, width) = {box}, is not')
    with pytest.raises(ValueError, match=message + r'.*1, 90'):
        view.apply(ragged, ViewParameters(torch.arange(3), (boxes,)))


def test_images_that_are_none(ragged):
    view, sizes = View([CROP]), ragged.sizes
    parameters = view.draw(sizes, generator())
    for images, error, message in (
        (RaggedImages(ragged.pixels.float(), sizes), TypeError, 'float32'),
        (RaggedImages(ragged.pixels[1:], sizes), ValueError, r'\(1490, 3\)'),
        (RaggedImages(ragged.pixels[:, :1], sizes), ValueError, 'converted'),
        (RaggedImages(ragged.pixels, sizes[:, 0]), ValueError, r'\(B, 2\)'),
        (RaggedImages(ragged.pixels, sizes * 0), ValueError, 'needs a pixel'),
    ):
        with pytest.raises(error, match=message):
            view.apply(images, parameters)


def test_parameters_of_another_view_are_refused(ragged):
    parameters = View([CROP]).draw(ragged.sizes, generator())
    with pytest.raises(ValueError, match='the 6 steps of this view, got 1'):
        View(STEPS).apply(ragged, parameters)


def test_pixels_need_not_be_contiguous(ragged):
    view = View([CROP, JITTER])
    parameters = view.draw(ragged.sizes, generator())
    strided = ragged.pixels.T.contiguous().T
    assert not strided.is_contiguous()
    views = view.apply(ragged._replace(pixels=strided), parameters)
    assert torch.equal(views, view.apply(ragged, parameters))
