"""Scenes of shapes, as COCO's tools and mmdet read them."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from hirl_mm.datasets.toy import shape_hierarchy, write_shape_scenes
from tests.image_folders import contents, never

SMALL = dict(num_train=12, num_val=4)


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_shape_scenes(tmp_path_factory.mktemp('data') / 's', **SMALL)


def read(root, split='train'):
    file = root / f'annotations/instances_{split}.json'
    return json.loads(file.read_text())


def mask_of(annotation, height=128, width=160):
    """(H, W) bool by drawing the polygon."""
    (points,) = annotation['segmentation']
    canvas = Image.new('1', (width, height))
    corners = (np.reshape(points, (-1, 2)) - 0.5).tolist()
    ImageDraw.Draw(canvas).polygon([tuple(c) for c in corners], fill=1)
    return np.array(canvas)


def test_images_and_annotations(scenes):
    for split, num in (('train', 12), ('val', 4)):
        content = read(scenes, split)
        assert len(content['images']) == num
        for image in content['images']:
            with Image.open(scenes / split / image['file_name']) as picture:
                assert picture.size == (image['width'], image['height'])
        of_image = [a['image_id'] for a in content['annotations']]
        assert set(of_image) == {image['id'] for image in content['images']}
        assert 1 <= max(map(of_image.count, of_image)) <= 4
        ids = [a['id'] for a in content['annotations']]
        assert ids == list(range(1, len(ids) + 1))


def test_categories_are_shapes_of_families(scenes):
    classes = shape_hierarchy().classes.values()
    families = {middle: coarse for _, middle, coarse in classes}
    assert {
        c['name']: c['supercategory'] for c in read(scenes)['categories']
    } == families
    ids = [c['id'] for c in read(scenes)['categories']]
    assert ids == list(range(1, 13))


def test_box_and_area_are_those_of_the_mask(scenes):
    for annotation in read(scenes)['annotations']:
        mask = mask_of(annotation)
        rows, columns = (
            np.flatnonzero(mask.any(1)),
            np.flatnonzero(mask.any(0)),
        )
        x, y, width, height = annotation['bbox']
        assert abs(x - columns[0]) < 1.5 and abs(y - rows[0]) < 1.5
        assert abs(x + width - columns[-1] - 1) < 1.5
        assert abs(y + height - rows[-1] - 1) < 1.5
        edge = 2 * (width + height)
        assert abs(annotation['area'] - mask.sum()) < edge


def test_masks_do_not_overlap_and_lie_where_something_is_drawn(scenes):
    content = read(scenes)
    for image in content['images']:
        masks = [
            mask_of(a)
            for a in content['annotations']
            if a['image_id'] == image['id']
        ]
        assert np.sum(masks, axis=0).max() == 1
        with Image.open(scenes / 'train' / image['file_name']) as picture:
            pixels = np.array(picture).astype(int)
        shown = np.any(masks, axis=0)
        background = np.median(pixels[~shown], axis=0)
        differs = np.abs(pixels - background).max(2) > 8
        # Borders of a pixel may be partly covered.
        assert (differs & shown).sum() > 0.9 * differs.sum()
        assert (differs & shown).sum() > 0.8 * shown.sum()


def test_scenes_depend_on_seed_split_and_number_alone(scenes, tmp_path):
    same = write_shape_scenes(tmp_path / 'same', **SMALL)
    assert contents(same) == contents(scenes)
    more = write_shape_scenes(tmp_path / 'more', num_train=14, num_val=4)
    other = write_shape_scenes(tmp_path / 'other', **SMALL, seed=1)
    for name in ('train/000003.png', 'val/000003.png'):
        assert contents(more)[name] == contents(scenes)[name]
        assert contents(other)[name] != contents(scenes)[name]
    assert (
        contents(scenes)['train/000003.png']
        != (contents(scenes)['val/000003.png'])
    )


def test_folder_is_reused_unless_annotations_are_lost(tmp_path):
    root = write_shape_scenes(tmp_path / 's', **SMALL)
    write_shape_scenes(root, **SMALL, progress=never)
    (root / 'annotations/instances_val.json').unlink()
    with pytest.raises(FileExistsError, match='1 of 2 in annotations'):
        write_shape_scenes(root, **SMALL)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_val=0), 'num_val must be an integer of at least 1'),
        (dict(seed=-1), 'seed must be an integer of at least 0'),
    ],
)
def test_bad_options(options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_shape_scenes(tmp_path / 's', **options)


def test_mmdet_reads_them(scenes):
    pytest.importorskip('mmdet.datasets')
    from mmdet.datasets import CocoDataset

    content = read(scenes)
    names = tuple(c['name'] for c in content['categories'])
    dataset = CocoDataset(
        ann_file='annotations/instances_train.json',
        data_root=str(scenes),
        data_prefix=dict(img='train'),
        metainfo=dict(classes=names),
    )
    assert len(dataset) == 12
    instances = [
        item
        for index in range(12)
        for item in dataset.get_data_info(index)['instances']
    ]
    assert len(instances) == len(content['annotations'])
    assert not any(item['ignore_flag'] for item in instances)
    assert all(len(item['mask'][0]) >= 6 for item in instances)
