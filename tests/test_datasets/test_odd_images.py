"""Files of unusual modes and sizes, as a recipe reads them."""

import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpretrain.registry import TRANSFORMS
from PIL import Image

from hirl_mm.datasets.collate import ragged_collate
from hirl_mm.datasets.view_steps import view_of
from hirl_mm.engine.runtime.device_views import place_views
from tests.device_recipes import recipe
from tests.replayed_views import channels_last, picture, replay, same_view

COLOURS = picture(45, 60)
GREY = COLOURS[..., 0]
IMAGES = {
    'grey.png': Image.fromarray(GREY),
    'grey.jpg': Image.fromarray(GREY),
    '16_bit.png': Image.fromarray(GREY.astype(np.uint16) * 257),
    'two_colours.png': Image.fromarray(GREY).convert('1'),
    'palette.png': Image.fromarray(COLOURS).convert('P'),
    'transparent.png': Image.fromarray(COLOURS).convert('RGBA'),
    'grey_transparent.png': Image.fromarray(GREY).convert('LA'),
    'cmyk.jpg': Image.fromarray(COLOURS).convert('CMYK'),
    'one_pixel.png': Image.fromarray(COLOURS[:1, :1]),
    'wide.jpg': Image.fromarray(picture(3, 10_000)),
    'tall.png': Image.fromarray(picture(10_000, 2)),
}


@pytest.fixture(scope='module')
def read(tmp_path_factory):
    """Images as the workers of either place read them, and their batch."""
    root = tmp_path_factory.mktemp('odd')
    cpu, device = recipe('MoCo v2'), recipe('MoCo v2')
    device.views = 'device'
    place_views(device)
    load = Compose(cpu.train_dataloader.dataset.pipeline[:1])
    workers = Compose(device.train_dataloader.dataset.pipeline)
    images, samples = {}, []
    for name, image in IMAGES.items():
        image.save(root / name)
        info = dict(img_path=str(root / name), sample_idx=len(samples))
        images[name] = load(dict(info))['img']
        samples.append(workers(dict(info)))
    transforms = cpu.train_dataloader.dataset.pipeline[1].transforms[0]
    transforms[0].scale = 32
    return images, ragged_collate(samples)['inputs'], transforms


def test_pixels_are_those_of_the_workers(read):
    images, batch, _ = read
    pixels = batch.pixels.flatten()
    assert len(pixels) == sum(image.size for image in images.values())
    start = 0
    for i, (name, image) in enumerate(images.items()):
        assert batch.sizes[i].tolist() == list(image.shape[:2]), name
        part = pixels[start : start + image.size].numpy()
        assert np.array_equal(part, image.flatten()), name
        start += image.size


def test_views_are_those_of_the_workers(read):
    images, _, transforms = read
    init_default_scope('mmpretrain')
    np.random.seed(0)
    built = [TRANSFORMS.build(t) for t in transforms]
    found = [replay(built, image) for image in images.values()]
    expected, drawn = zip(*found, strict=True)
    made = same_view(view_of(transforms), list(images.values()), drawn)
    differences = np.abs(channels_last(made) - np.stack(expected).astype(int))
    means = dict(zip(images, differences.mean((1, 2, 3)), strict=True))
    assert max(means.values()) < 1, means
