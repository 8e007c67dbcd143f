"""Lists and JSON files of ImageNet, Places205, iNaturalist and COCO."""

import json

import pytest

from hirl_mm.datasets.converters.annotations import (
    check_images,
    first_of_every_class,
    read_annotations,
    write_annotations,
)
from hirl_mm.datasets.converters.class_draw import draw_images
from hirl_mm.datasets.converters.coco_multilabel import coco_multilabel
from hirl_mm.datasets.converters.imagenet_subset import subset_annotations
from hirl_mm.datasets.converters.inat2018 import inat2018_annotations

WNIDS = ['n01440764', 'n01443537', 'n02012849']


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.fixture
def train(tmp_path):
    """Two images of each of three classes, and a file that is no folder."""
    for wnid in WNIDS[::-1]:
        for number in (3, 12):
            touch(tmp_path / 'train' / wnid / f'{wnid}_{number}.JPEG')
    touch(tmp_path / 'train' / 'notes.txt')
    return tmp_path / 'train'


def written(path, lines):
    path.write_text('\n'.join(lines) + '\n')
    return path


def test_list_of_a_subset(train, tmp_path):
    names = [
        'n02012849_12.JPEG',
        'n01440764_3.JPEG',
        'n01443537_3.JPEG',
        'n01440764_12.JPEG',
    ]
    path = written(tmp_path / 'list.txt', names)
    with pytest.raises(ValueError, match='has 4 images, expected 5'):
        subset_annotations(path, train, num=5)
    entries = subset_annotations(path, train, num=4)
    assert entries == [
        ('n02012849/n02012849_12.JPEG', 2),
        ('n01440764/n01440764_3.JPEG', 0),
        ('n01443537/n01443537_3.JPEG', 1),
        ('n01440764/n01440764_12.JPEG', 0),
    ]


@pytest.mark.parametrize('num', [12_811, 128_116])
def test_lists_of_simclr(train, tmp_path, num):
    """Their numbers of images are told apart from any other."""
    names = [f'n01440764_{i}.JPEG' for i in range(num)]
    path = written(tmp_path / 'list.txt', names[:-1])
    expected = f'{num - 1:,} images, expected 12,811 or 128,116: the list is'
    with pytest.raises(ValueError, match=expected):
        subset_annotations(path, train)
    written(path, names)
    with pytest.raises(ValueError, match='no image of 2 of the 3 classes'):
        subset_annotations(path, train)


GOOD = [f'{wnid}_3.JPEG' for wnid in WNIDS]


@pytest.mark.parametrize(
    ('names', 'error', 'match'),
    [
        ([*GOOD, GOOD[1]], ValueError, '1 images more than once.*n01443537_3'),
        ([*GOOD, 'n09_1.JPEG'], ValueError, "no folder of .*'n09_1.JPEG'"),
        (GOOD[:2], ValueError, 'list.txt has no image of 1 of .*: n02012849'),
        (
            [*GOOD, 'n01440764_4.JPEG'],
            *(FileNotFoundError, '1 of the 4 .*n01440764/n01440764_4.JPEG'),
        ),
    ],
)
def test_bad_lists(train, tmp_path, names, error, match):
    path = written(tmp_path / 'list.txt', names)
    with pytest.raises(error, match=match):
        subset_annotations(path, train, num=len(names))


def test_missing_list_and_folder(train, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no list .*1percent\.txt'):
        subset_annotations(tmp_path / 'list.txt', train)
    path = written(tmp_path / 'list.txt', GOOD)
    with pytest.raises(FileNotFoundError, match='no folder .*elsewhere'):
        subset_annotations(path, tmp_path / 'elsewhere', num=3)


def test_annotations_are_read_as_written(tmp_path):
    entries = [('a b/one.jpg', 1), ('two.jpg', 0), ('three.jpg', 1)]
    path = tmp_path / 'meta' / 'train.txt'
    write_annotations(path, entries)
    assert path.read_text() == 'a b/one.jpg 1\ntwo.jpg 0\nthree.jpg 1\n'
    assert read_annotations(path, 2) == entries
    assert first_of_every_class(entries) == entries[:2]


@pytest.mark.parametrize(
    ('lines', 'match'),
    [
        (['a.jpg 0', 'b.jpg'], r"list.txt, line 2: .*got 'b.jpg'.*needs the"),
        (['a.jpg 0', 'b.jpg one'], r'list.txt, line 2: '),
        (['a.jpg 0', 'b.jpg 1', 'c.jpg 2'], r'out of range, \[2\].* and 1\.'),
        (['a.jpg 0', 'b.jpg 1', 'c.jpg -1'], r'out of range, \[-1\]'),
        (['a.jpg 0'], 'list.txt has no image of 1 of the 2 classes: 1. .*add'),
        ([], 'no image of 2 of the 2 classes: 0, 1'),
    ],
)
def test_bad_annotations(tmp_path, lines, match):
    path = written(tmp_path / 'list.txt', lines)
    with pytest.raises(ValueError, match=match):
        read_annotations(path, 2)


def test_empty_lines_are_none_and_many_classes_are_cut_short(tmp_path):
    path = written(tmp_path / 'list.txt', ['a.jpg 0', '', 'b.jpg 1', ' '])
    assert len(read_annotations(path, 2)) == 2
    with pytest.raises(ValueError, match=r'98 of .*: 2, 3, 4, 5, 6, \.\.\.\.'):
        read_annotations(path, 100)
    with pytest.raises(FileNotFoundError, match='dataset_converters'):
        read_annotations(tmp_path / 'none.txt', 2)


def test_missing_images(tmp_path):
    touch(tmp_path / 'a.jpg')
    check_images([('a.jpg', 0)], tmp_path, 'list')
    entries = [(f'{name}.jpg', 0) for name in 'abcde']
    with pytest.raises(
        FileNotFoundError, match=r'4 of the 5 .*b.jpg, c.jpg, d.jpg, \.\.\.\.'
    ):
        check_images(entries, tmp_path, 'list')


@pytest.fixture
def folder(tmp_path):
    for name, number in dict(ant=20, bee=31, cat=9).items():
        for i in range(number):
            touch(tmp_path / 'images' / name / f'{i:02d}.png')
    touch(tmp_path / 'images' / 'ant' / 'readme.md')
    return tmp_path / 'images'


def test_drawn_subset_has_classes_alike(folder):
    entries = draw_images(folder, 0.2)
    assert len(entries) == 12 and len(set(entries)) == 12
    assert entries == sorted(entries, key=lambda e: (e[1], e[0]))
    counts = [sum(label == k for _, label in entries) for k in range(3)]
    assert counts == [4, 4, 4]
    names = ['ant', 'bee', 'cat']
    for path, label in entries:
        assert path.split('/')[0] == names[label]
        assert (folder / path).is_file() and path.endswith('.png')
    assert draw_images(folder, 0.2) == entries
    assert draw_images(folder, 0.2, seed=1) != entries
    uneven = [label for _, label in draw_images(folder, 0.18)]
    assert sorted(uneven.count(k) for k in range(3)) == [3, 4, 4]


def test_hidden_folders_are_no_classes(folder, train, tmp_path):
    before = draw_images(folder, 0.2)
    touch(folder / '.ipynb_checkpoints' / '00.png')
    touch(folder / 'ant' / '.git' / '99.png')
    assert draw_images(folder, 0.2) == before
    path = written(tmp_path / 'list.txt', GOOD)
    before = subset_annotations(path, train, num=3)
    (train / '.ipynb_checkpoints').mkdir()
    assert subset_annotations(path, train, num=3) == before


def test_every_image_that_data_sets_list_may_be_drawn(folder):
    touch(folder / 'cat' / 'more' / '00.TIF')
    touch(folder / 'cat' / '99.webp')
    num = len(list(folder.glob('cat/**/*'))) - 2
    paths = {path for path, _ in draw_images(folder, 3 * num / 61)}
    assert 'cat/more/00.TIF' in paths and 'cat/99.webp' not in paths


@pytest.mark.parametrize('share', [0, -0.1, 1.1, 0.02, 0.6])
def test_share_out_of_range(folder, share):
    with pytest.raises(ValueError, match=r'at least one per class \(3\)'):
        draw_images(folder, share)


def test_nothing_to_draw_from(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match='found 0 folders, 0 of them'):
        draw_images(tmp_path / 'none', 0.5)
    (folder / 'dog').mkdir()
    with pytest.raises(FileNotFoundError, match='found 4 folders, 3 of them'):
        draw_images(folder, 0.5)


def coco(path, **content):
    path.write_text(json.dumps(content))
    return path


CATEGORIES = [
    dict(id=90, name='toothbrush'),
    dict(id=1, name='person'),
    dict(id=3, name='car'),
]
IMAGES = [dict(id=10 * i, file_name=f'{i}.jpg') for i in (3, 1, 2)]
SHOWN = [(30, 90), (30, 1), (30, 90), (20, 3)]
INSTANCES = [
    dict(image_id=i, category_id=c, iscrowd=int(c == 3)) for i, c in SHOWN
]


def test_labels_of_coco(tmp_path):
    """Categories by id, each once per image, images without any kept."""
    path = coco(
        tmp_path / 'instances.json',
        images=IMAGES,
        annotations=INSTANCES,
        categories=CATEGORIES,
    )
    assert coco_multilabel(path, 3) == dict(
        metainfo=dict(classes=['person', 'car', 'toothbrush']),
        data_list=[
            dict(img_path='3.jpg', gt_label=[0, 2]),
            dict(img_path='1.jpg', gt_label=[]),
            dict(img_path='2.jpg', gt_label=[1]),
        ],
    )
    with pytest.raises(ValueError, match='3 categories, expected 80'):
        coco_multilabel(path)


def test_labels_of_inaturalist(tmp_path):
    path = tmp_path / 'train2018.json'
    labels = [dict(image_id=10 * i, category_id=i % 3) for i in (1, 2, 3)]
    content = dict(images=IMAGES, categories=[dict(id=i) for i in range(3)])
    coco(path, annotations=labels, **content)
    entries = [('3.jpg', 0), ('1.jpg', 1), ('2.jpg', 2)]
    assert inat2018_annotations(path, 3) == entries
    with pytest.raises(ValueError, match='no image of 8139 of the 8142'):
        inat2018_annotations(path)
    for wrong in labels[:2], [*labels, labels[0]]:
        coco(path, annotations=wrong, **content)
        with pytest.raises(ValueError, match='expected one for each'):
            inat2018_annotations(path, 3)


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        (dict(annotations=[]), r'f\.json has no annotations: give'),
        (dict(images=[], categories=[]), 'has no images, categories'),
        (
            dict(annotations=[dict(image_id=77, category_id=1)]),
            'refer to 1 images that are not in the file, such as image_id 77',
        ),
        (
            dict(annotations=[dict(image_id=10, category_id=2)]),
            'refer to 1 categories that are not .* category_id 2',
        ),
    ],
)
def test_bad_coco_files(tmp_path, change, match):
    content = dict(images=IMAGES, annotations=INSTANCES, categories=CATEGORIES)
    path = coco(tmp_path / 'f.json', **content | change)
    with pytest.raises(ValueError, match=match):
        coco_multilabel(path, 3)


def test_files_that_are_not_coco(tmp_path):
    path = tmp_path / 'f.json'
    with pytest.raises(FileNotFoundError, match='no annotation file'):
        coco_multilabel(path)
    path.write_text('{"images": [')
    with pytest.raises(ValueError, match='not a JSON file.*not downloaded'):
        coco_multilabel(path)
    path.write_text('[1, 2]')
    with pytest.raises(ValueError, match='images, annotations, categories'):
        coco_multilabel(path)
