"""Patches of a batch of images."""

import pytest
import torch

from hirl_mm.views import (
    Flip,
    GaussianBlur,
    Grayscale,
    PatchScale,
    PatchViews,
    RaggedImages,
    RandomCrop,
    RandomResizedCrop,
    View,
)

SIZES = [(30, 40), (9, 70), (25, 18)]
SCALE = PatchScale(3, 32, 8, (0.4, 1.0))
STEPS = [Flip(), Grayscale(0.5), GaussianBlur((0.1, 2))]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images():
    return RaggedImages.of(
        [torch.randint(0, 256, (*size, 3)).byte() for size in SIZES]
    )


def test_order_of_the_patches(images):
    """One by one, cut out of the regions by slices."""
    views = PatchViews(SCALE, [])
    drawn = views.draw(images.sizes, generator())
    regions = views.region.apply(images, drawn.regions)
    patches = views.apply(images, drawn)
    assert patches.shape == (2 * 9 * 3, 3, 8, 8)
    assert patches.dtype == torch.uint8 and patches.is_contiguous()
    assert drawn.patches.image.tolist() == [0, 1, 2] * 18
    (boxes,) = drawn.patches.drawn
    found = iter(zip(patches, boxes.tolist(), strict=True))
    for _ in range(2):
        for row in range(3):
            for column in range(3):
                for region in regions:
                    patch, (top, left, *extent) = next(found)
                    assert extent == [8, 8]
                    assert 0 <= top - 10 * row <= 2
                    assert 0 <= left - 10 * column <= 2
                    expected = region[:, top : top + 8, left : left + 8]
                    assert torch.equal(patch, expected)


def test_images_of_a_batch_do_not_see_each_other(images):
    views = PatchViews(SCALE, STEPS)
    drawn = views.draw(images.sizes, generator())
    patches = views.apply(images, drawn)
    other = images._replace(pixels=images.pixels.clone())
    other.pixels[:1200] = 7  # the first image
    changed = views.apply(other, drawn)
    same = (patches == changed).flatten(1).all(1)
    assert same.reshape(-1, 3).tolist() == [[False, True, True]] * 18
    assert images.pixels[:1200].float().std() > 10


def test_draws_depend_on_the_generator_alone(images):
    views, state = PatchViews(SCALE, STEPS), torch.get_rng_state()
    patches = [
        views.apply(images, views.draw(images.sizes, generator(seed)))
        for seed in (0, 0, 1)
    ]
    assert torch.equal(patches[0], patches[1])
    assert not torch.equal(patches[0], patches[2])
    assert torch.equal(torch.get_rng_state(), state)


def test_regions_are_those_of_a_random_resized_crop():
    views = PatchViews(PatchScale(2, 20, 9, (0.5, 0.7), 'bicubic'), STEPS)
    assert views.region.steps == (
        RandomResizedCrop((20, 20), (0.5, 0.7), interpolation='bicubic'),
    )
    assert views.patch.steps == (RandomCrop((9, 9)), *STEPS)


def test_no_images():
    none = RaggedImages(torch.zeros(0, 3).byte(), torch.zeros(0, 2).long())
    views = PatchViews(SCALE, STEPS)
    patches = views.apply(none, views.draw(none.sizes, generator()))
    assert patches.shape[0] == 0


def test_crops_are_no_steps_of_a_patch():
    for crop in RandomResizedCrop((4, 4)), RandomCrop((4, 4)):
        with pytest.raises(ValueError, match='a view has one crop, got 2'):
            PatchViews(SCALE, [Flip(), crop])


def test_text():
    text = repr(PatchViews(SCALE, [Flip(0.25)]))
    assert text.startswith('PatchViews(PatchScale(grid=3')
    assert text.endswith('[Flip(prob=0.25)])')


def test_random_crops_of_images_of_any_size(images):
    """Also behind a flip, as for other crops."""
    view = View([Flip(), RandomCrop((9, 12)), Flip()])
    drawn = view.draw(images.sizes, generator(), count=8)
    made = view.apply(images, drawn)
    first, boxes, second = drawn.drawn
    pixels = images.pixels.split([h * w for h, w in SIZES])
    for i, crop in enumerate(made):
        image = pixels[i % 3].reshape(*SIZES[i % 3], 3).permute(2, 0, 1)
        image = image.flip(2) if first[i] else image
        top, left, *_ = boxes[i].tolist()
        expected = image[:, top : top + 9, left : left + 12]
        expected = expected.flip(2) if second[i] else expected
        assert torch.equal(crop, expected)


def test_places_of_random_crops():
    sizes = torch.tensor([[5, 7]]).expand(4000, 2)
    boxes = RandomCrop((3, 7)).draw(sizes, generator())
    assert boxes[:, 1:].unique(dim=0).tolist() == [[0, 3, 7]]
    counts = boxes[:, 0].bincount()
    assert len(counts) == 3 and (counts - 4000 / 3).abs().max() < 100


@pytest.mark.parametrize('size', [(0, 3), 5, (2.5, 3)])
def test_sizes_of_random_crops(size):
    with pytest.raises(ValueError, match='size must be a height and a width'):
        RandomCrop(size)


def test_random_crops_of_small_images():
    sizes = torch.tensor([[9, 9], [9, 8]])
    with pytest.raises(ValueError, match=r'size=\(9, 9\) .* got \[9, 8\]'):
        RandomCrop((9, 9)).draw(sizes, generator())
