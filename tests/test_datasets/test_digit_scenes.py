"""Scenes of digits, as mmpretrain's VOC data set reads them."""

from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from hirl_mm.datasets.toy import write_digit_scenes
from hirl_mm.datasets.toy.digits import split_digits
from tests.image_folders import contents, never

NAMES = list('0123456789')


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_digit_scenes(tmp_path_factory.mktemp('data') / 'scenes')


def voc(root, split):
    from mmpretrain.datasets import VOC

    return VOC(str(root), split, metainfo=dict(classes=NAMES))


def objects_of(root, name):
    tree = ElementTree.parse(root / 'Annotations' / f'{name}.xml')
    for item in tree.getroot().findall('object'):
        box = item.find('bndbox')
        corners = [int(box.find(k).text) for k in box_keys()]
        difficult = item.find('difficult').text == '1'
        yield item.find('name').text, difficult, corners


def box_keys():
    return 'xmin', 'ymin', 'xmax', 'ymax'


def test_voc_reads_them(scenes):
    sets = {split: voc(scenes, split) for split in ('trainval', 'test')}
    assert {k: len(v) for k, v in sets.items()} == dict(trainval=300, test=100)
    paths = [info['img_path'] for v in sets.values() for info in v]
    assert len(set(paths)) == 400
    for dataset in sets.values():
        labels = [dataset.get_data_info(i) for i in range(len(dataset))]
        shown = [k for info in labels for k in info['gt_label']]
        assert set(shown) == set(range(10))
        sizes = {len(info['gt_label']) for info in labels}
        assert sizes == {0, 1, 2, 3, 4}
        difficult = sum(len(info['gt_label_difficult']) for info in labels)
        assert 0.05 < difficult / (difficult + len(shown)) < 0.15
        only = [i for i in labels if not i['gt_label']]
        assert all(info['gt_label_difficult'] for info in only)


def test_boxes_hold_the_digits_and_nothing_is_outside(scenes):
    for number in range(1, 101):
        with Image.open(scenes / f'JPEGImages/{number:06d}.jpg') as image:
            assert image.size == (64, 64) and image.mode == 'RGB'
            pixels = np.asarray(image.convert('L')).astype(int)
        rest = pixels.copy()
        for _, difficult, (left, top, right, bottom) in objects_of(
            scenes, f'{number:06d}'
        ):
            assert 26 <= right - left + 1 == bottom - top + 1 <= 32
            assert min(left, top) >= 1 and max(right, bottom) <= 64
            digit = pixels[top - 1 : bottom, left - 1 : right]
            bright = digit.max()
            assert (bright < 90) if difficult else (bright > 180)
            rest[top - 1 : bottom, left - 1 : right] = 0
        # JPEG smears an edge over its blocks of 8 pixels.
        assert rest.max() < 60


def shown_digits(root, numbers):
    """Name and pixels (64,) of the digits that are not difficult."""
    for number in numbers:
        with Image.open(root / f'JPEGImages/{number:06d}.jpg') as image:
            for name, difficult, (left, top, right, bottom) in objects_of(
                root, f'{number:06d}'
            ):
                crop = image.crop((left - 1, top - 1, right, bottom))
                small = crop.convert('L').resize((8, 8))
                if not difficult:
                    yield name, np.asarray(small, dtype=float).ravel()


def test_every_digit_is_one_of_its_split_and_has_its_name(scenes):
    images, labels, is_val = split_digits(num_val=297, seed=0)
    rows = images.reshape(-1, 64) - images.mean((1, 2))[:, None]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for numbers, in_val in (range(1, 151), False), (range(301, 401), True):
        likest = [
            (name, int(np.argmax(rows @ (pixels - pixels.mean()))))
            for name, pixels in shown_digits(scenes, numbers)
        ]
        assert len(likest) > 150
        agree = [
            is_val[i] == in_val and labels[i] == int(name)
            for name, i in likest
        ]
        assert np.mean(agree) > 0.95


def test_scenes_depend_on_the_seed_alone(tmp_path):
    few = dict(num_trainval=4, num_test=2)
    one = write_digit_scenes(tmp_path / 'one', **few)
    same = write_digit_scenes(tmp_path / 'same', **few)
    other = write_digit_scenes(tmp_path / 'other', **few, seed=1)
    assert contents(one) == contents(same)
    pictures = [contents(root / 'JPEGImages') for root in (one, other)]
    assert all(pictures[0][k] != pictures[1][k] for k in pictures[0])
    write_digit_scenes(tmp_path / 'one', **few, progress=never)
    (one / 'Annotations' / '000003.xml').unlink()
    with pytest.raises(FileExistsError, match='5 of 6 in Annotations'):
        write_digit_scenes(tmp_path / 'one', **few)


@pytest.mark.parametrize(
    ('arguments', 'match'),
    [
        (dict(num_trainval=0), 'num_trainval must .* at least 1'),
        (dict(num_test=0), 'num_test must .* at least 1'),
        (dict(seed=-1), 'seed must .* at least 0'),
    ],
)
def test_bad_arguments(tmp_path, arguments, match):
    with pytest.raises(ValueError, match=match):
        write_digit_scenes(tmp_path / 'scenes', **arguments)
