"""The converters of the trained protocols as their users start them."""

import json

import pytest

from hirl_mm.datasets.converters.annotations import read_annotations
from tests.runs import ROOT
from tests.test_datasets.test_converter_tools import run

TOOLS = ROOT / 'tools/dataset_converters'
NAMES = (
    *('imagenet_subset', 'places205', 'inat2018'),
    *('coco_multilabel', 'draw_subset', 'digit_scenes'),
    'multilabel_subset',
)


def convert(name, *words):
    result = run(TOOLS / f'{name}.py', *words)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]


def refuse(name, *words):
    """The one line of an error, and no traceback."""
    result = run(TOOLS / f'{name}.py', *words)
    assert result.returncode == 1
    assert result.stderr.count('\n') == 1, result.stderr
    return result.stderr


@pytest.mark.parametrize('name', NAMES)
def test_help(name):
    result = run(TOOLS / f'{name}.py', '--help')
    assert result.returncode == 0 and len(result.stdout) > 300


def test_subset_of_imagenet(tmp_path):
    for wnid in ('n02', 'n01'):
        (tmp_path / 'train' / wnid).mkdir(parents=True)
        (tmp_path / 'train' / wnid / f'{wnid}_5.JPEG').touch()
    names = tmp_path / '1percent.txt'
    names.write_text('n02_5.JPEG\nn01_5.JPEG\n')
    words = names, '--train', tmp_path / 'train'
    line = convert('imagenet_subset', *words, '--num', 2)
    out = tmp_path / 'meta' / '1percent.txt'
    assert line == f'{out}: 2 images of 2 classes'
    assert out.read_text() == 'n02/n02_5.JPEG 1\nn01/n01_5.JPEG 0\n'
    error = refuse('imagenet_subset', *words, '--out', tmp_path / 'none.txt')
    assert error.startswith(f'error: {names} has 2 images, expected 12,')
    assert not (tmp_path / 'none.txt').exists()


def test_places205(tmp_path):
    lines = [f'a/abbey/{i}.jpg {i % 205}' for i in range(300)]
    names = tmp_path / 'train_places205.csv'
    names.write_text('\n'.join(lines) + '\n')
    images = tmp_path / 'images'
    (images / 'a/abbey').mkdir(parents=True)
    for i in range(205):
        (images / f'a/abbey/{i}.jpg').touch()
    out = tmp_path / 'meta/train.txt'
    words = names, '--images', images, '--out', out
    assert convert('places205', *words) == f'{out}: 300 images of 205 classes'
    assert out.read_text() == names.read_text()
    (images / 'a/abbey/7.jpg').unlink()
    error = refuse('places205', *words)
    assert '1 of the 205 images' in error and 'a/abbey/7.jpg' in error
    names.write_text('\n'.join(lines[:204]) + '\n')
    assert f'{names} has no image of 1 of the 205' in refuse(
        'places205', *words
    )


def test_inaturalist_and_coco(tmp_path):
    content = dict(
        images=[dict(id=i, file_name=f'{i}.jpg') for i in range(4)],
        annotations=[dict(image_id=i, category_id=i % 2) for i in range(4)],
        categories=[dict(id=i, name=f'class {i}') for i in range(2)],
    )
    source = tmp_path / 'train.json'
    source.write_text(json.dumps(content))
    (tmp_path / '0.jpg').touch()
    out = tmp_path / 'meta/train.txt'
    words = source, '--out', out, '--num-classes', 2
    error = refuse('inat2018', *words, '--images', tmp_path)
    assert '1 of the 2 images' in error and '1.jpg' in error
    (tmp_path / '1.jpg').touch()
    line = convert('inat2018', *words, '--images', tmp_path)
    assert line == f'{out}: 4 images of 2 classes'
    entries = [(f'{i}.jpg', i % 2) for i in range(4)]
    assert read_annotations(out, 2) == entries

    out = tmp_path / 'multilabel.json'
    line = convert('coco_multilabel', source, '--out', out, '--num-classes', 2)
    assert line == f'{out}: 4 images, 1.00 of 2 classes in each'
    from mmpretrain.datasets import MultiLabelDataset

    dataset = MultiLabelDataset(ann_file=str(out), data_prefix='images')
    assert dataset.CLASSES == ['class 0', 'class 1']
    info = dataset.get_data_info(3)
    assert (info['img_path'], info['gt_label']) == ('images/3.jpg', [1])
    assert 'expected 80' in refuse('coco_multilabel', source, '--out', out)


def test_digits_and_scenes(digits, tmp_path):
    out = tmp_path / '10percent.txt'
    line = convert(
        *('draw_subset', digits / 'train', '--percent', 10, '--out', out)
    )
    assert line == f'{out}: 150 images of 10 classes'
    labels = [label for _, label in read_annotations(out, 10)]
    assert [labels.count(k) for k in range(10)] == [15] * 10
    error = refuse('draw_subset', digits / 'train', '--percent', 0.1)
    assert 'at least one per class (10)' in error

    root = tmp_path / 'scenes'
    few = '--num-trainval', 3, '--num-test', 2
    line = convert('digit_scenes', root, *few)
    assert line == f'{root}: 3 trainval and 2 test scenes of 10 digits'
    assert 'is in use' in refuse('digit_scenes', root)
