"""Data sets that wrap others, as the images that they draw from."""

import copy

import numpy as np
import pytest
from mmengine.dataset import (
    ClassBalancedDataset,
    Compose,
    ConcatDataset,
    RepeatDataset,
)
from mmengine.registry import DefaultScope, init_default_scope
from mmpretrain.datasets import CustomDataset, KFoldDataset
from PIL import Image
from torch.utils.data import Subset

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.sample_numbers import number_samples, without_shift
from hirl_mm.datasets.wrappers import build_dataset, pipelines_of
from hirl_mm.engine.features.fingerprint import (
    data_fingerprint,
    data_identity,
)
from hirl_mm.engine.features.labelled_data import labels_of, paths_of
from tests.built_images import build_images

PIPELINE = [dict(type='hirl_mm.LoadImage'), dict(type='PackInputs')]
NUM = {'a': (1, 5), 'b': (3, 1), 'c': (2, 2)}


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """Folders a, b and c with classes x and y; every image has one colour."""
    root = tmp_path_factory.mktemp('folders')
    for folder, nums in NUM.items():
        for name, num in zip('xy', nums, strict=True):
            (root / folder / name).mkdir(parents=True)
            for i in range(num):
                path = root / folder / name / f'{i}.png'
                Image.new('RGB', (8, 8), color_of(path)).save(path)
    return root


def color_of(path):
    folder, name, file = path.parts[-3:]
    return 'abc'.index(folder) * 60, 200 * (name == 'y'), 30 * int(file[0])


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


def part(root, folder, **options):
    return dict(
        type='CustomDataset',
        data_root=str(root / folder),
        pipeline=PIPELINE,
        **options,
    )


def concat(*parts, **options):
    return dict(type='ConcatDataset', datasets=list(parts), **options)


def repeat(part, times=2):
    return dict(type='RepeatDataset', dataset=part, times=times)


def balanced(part):
    return dict(type='ClassBalancedDataset', dataset=part, oversample_thr=0.9)


def fold(part, test=False):
    return dict(
        type='KFoldDataset', dataset=part, num_splits=2, test_mode=test, seed=0
    )


def files(root, *folders):
    return [str(p) for f in folders for p in sorted((root / f).glob('*/*'))]


NESTINGS = {
    'concat': lambda r: concat(part(r, 'a'), part(r, 'b')),
    'repeat': lambda r: repeat(part(r, 'a')),
    'balanced': lambda r: balanced(part(r, 'a')),
    'repeated parts': lambda r: concat(
        repeat(part(r, 'a'), 3), balanced(part(r, 'b'))
    ),
    'repeated whole': lambda r: repeat(
        concat(part(r, 'a'), concat(part(r, 'b'), part(r, 'c')))
    ),
    'held out': lambda r: repeat(
        dict(
            type='hirl_mm.HeldOutSplit',
            dataset=concat(part(r, 'a'), repeat(part(r, 'b'))),
            num_held_out=4,
        )
    ),
    'folds': lambda r: concat(
        fold(part(r, 'a')), fold(part(r, 'b'), test=True)
    ),
}


@pytest.mark.parametrize('name', NESTINGS)
def test_every_sample_has_the_number_of_its_image(name, root):
    """What a training gets, drawn image by image."""
    dataset = build_dataset(NESTINGS[name](root))
    images = distinct_images(dataset)
    paths = paths_of(images)
    assert len(set(paths)) == len(images)
    number_samples(dataset)
    number_samples(dataset)
    seen = set()
    for i in range(len(dataset)):
        sample = dataset[i]['data_samples']
        assert sample.img_path == paths[sample.sample_idx]
        seen.add(sample.sample_idx)
    assert seen == set(range(len(images)))
    assert len(dataset) > len(images) or name in ('concat', 'folds')


def test_order_of_a_concatenation(root):
    images = build_images(concat(part(root, 'b'), repeat(part(root, 'a'))))
    assert paths_of(images) == files(root, 'b', 'a')
    assert [images.get_data_info(i)['sample_idx'] for i in range(10)] == list(
        range(10)
    )
    assert labels_of(images, 'data').tolist() == [0, 0, 0, 1, 0, *[1] * 5]
    assert images.data_root == str(root)
    with pytest.raises(IndexError, match='image 10 of 10'):
        images.get_data_info(10)


def test_data_set_in_two_parts_is_one(root):
    """Objects may be shared, in a config each part is one of its own."""
    leaf = CustomDataset(
        **{k: v for k, v in part(root, 'a').items() if k != 'type'}
    )
    images = distinct_images(ConcatDataset([leaf, leaf]))
    assert len(images) == 6 and images.leaves == (leaf,)
    twice = build_images(concat(part(root, 'a'), part(root, 'a')))
    assert len(twice) == 12


def test_single_data_set_stays_itself(root):
    for cfg in (part(root, 'a'), repeat(balanced(part(root, 'a')))):
        if cfg['type'] == 'RepeatDataset':
            cfg = repeat(part(root, 'a'))
        assert type(build_images(cfg)) is CustomDataset
    leaf = build_images(part(root, 'a'))
    pipeline = leaf.pipeline
    number_samples(leaf)
    assert leaf.pipeline is pipeline


def test_numbers_survive_a_new_pipeline(root):
    """A hook that switches pipelines is followed by another call."""
    dataset = build_dataset(concat(part(root, 'a'), part(root, 'b')))
    number_samples(dataset)
    second = dataset.datasets[1]
    assert len(second.pipeline.transforms) == len(PIPELINE) + 1
    assert len(without_shift(second.pipeline).transforms) == len(PIPELINE)
    second.pipeline = Compose(PIPELINE)
    number_samples(dataset)
    assert dataset[6]['data_samples'].sample_idx == 6


def test_numbers_follow_a_part_to_another_place(root):
    dataset = build_dataset(concat(part(root, 'a'), part(root, 'b')))
    number_samples(dataset)
    second = dataset.datasets[1]
    number_samples(second)
    assert second[0]['data_samples'].sample_idx == 0
    number_samples(dataset)
    turned = ConcatDataset(dataset.datasets[::-1])
    number_samples(turned)
    indices = [turned[i]['data_samples'].sample_idx for i in range(10)]
    assert indices == list(range(10))


def test_subset_over_parts(root):
    images = build_images(
        concat(part(root, 'a'), part(root, 'b'), part(root, 'c'))
    )
    few = images.get_subset([1, 5, 6, 13])
    every = files(root, 'a', 'b', 'c')
    assert paths_of(few) == [every[i] for i in (1, 5, 6, 13)]
    assert len(images) == 14
    assert len(images.get_subset([0, 13]).leaves) == 2


def test_parts_of_a_concatenation_are_held_out(root):
    cfg = dict(
        type='hirl_mm.HeldOutSplit',
        dataset=concat(part(root, 'a'), repeat(part(root, 'b'))),
        num_held_out=3,
    )
    rest, held_out = (
        paths_of(build_dataset(dict(cfg, held_out=h))) for h in (False, True)
    )
    assert len(held_out) == 3
    assert sorted(rest + held_out) == sorted(files(root, 'a', 'b'))


def test_identity_is_of_all_parts(root):
    a, b = part(root, 'a'), part(root, 'b')
    built = {
        name: build_dataset(cfg)
        for name, cfg in dict(
            a=a, repeated=repeat(a), ab=concat(a, b), ba=concat(b, a)
        ).items()
    }
    for hashed in (data_identity, data_fingerprint):
        found = {name: hashed(dataset) for name, dataset in built.items()}
        assert found['a'] == found['repeated']
        assert len(set(found.values())) == 3
    copied = copy.deepcopy(built['ab'])
    number_samples(copied)
    assert data_identity(copied) == data_identity(built['ab'])


def test_fingerprint_tells_folders_of_equal_names(root, tmp_path):
    """Two folders with the same names in them may not be exchanged."""
    for folder in 'pq':
        (tmp_path / folder / 'x').mkdir(parents=True)
        (tmp_path / folder / 'x/0.png').touch()
    p, q = part(tmp_path, 'p'), part(tmp_path, 'q')
    pq, qp = (build_images(concat(*parts)) for parts in ((p, q), (q, p)))
    assert data_fingerprint(pq) != data_fingerprint(qp)


@pytest.mark.parametrize('scope', ['', 'mmengine', 'hirl_mm', 'mmpretrain'])
@pytest.mark.parametrize('prefix', ['', 'mmpretrain.', 'mmengine.'])
def test_wrappers_are_found_in_every_scope(scope, prefix, root):
    cfg = concat(part(root, 'a'), repeat(part(root, 'b')))
    cfg['type'] = prefix + cfg['type']
    cfg['datasets'][1]['type'] = prefix + cfg['datasets'][1]['type']
    before = dict(DefaultScope._instance_dict)
    DefaultScope._instance_dict.clear()
    if scope:
        DefaultScope.get_instance('test', scope_name=scope)
    try:
        assert len(build_images(cfg)) == 10
    finally:
        DefaultScope._instance_dict.clear()
        DefaultScope._instance_dict.update(before)


def test_wrappers_as_types_of_new_style_configs(root):
    cfg = concat(part(root, 'a'), repeat(part(root, 'b')))
    cfg['type'], cfg['datasets'][1]['type'] = ConcatDataset, RepeatDataset
    assert len(build_images(cfg)) == 10
    for cls in (ClassBalancedDataset, KFoldDataset):
        options = dict(oversample_thr=0.5) if 'Class' in cls.__name__ else {}
        cfg = dict(type=cls, dataset=part(root, 'a'), **options)
        assert type(build_images(cfg)) is CustomDataset


def test_pipelines_of_configs(root):
    assert pipelines_of(part(root, 'a')) == PIPELINE
    assert pipelines_of(repeat(part(root, 'a'))) == PIPELINE
    both = concat(part(root, 'a'), repeat(part(root, 'b')))
    assert pipelines_of(both) == [PIPELINE, PIPELINE]
    assert pipelines_of(dict(type='CustomDataset')) == []


def test_parts_with_other_classes(root, tmp_path):
    """Fine to train on, but labels would mean other things in each part."""
    (tmp_path / 'd/z').mkdir(parents=True)
    Image.new('RGB', (8, 8)).save(tmp_path / 'd/z/0.png')
    images = build_images(
        concat(part(root, 'a'), part(tmp_path, 'd'), ignore_keys=['classes'])
    )
    assert len(paths_of(images)) == 7
    message = r'same classes, got x, y in .*/a and z in .*/d: give all'
    with pytest.raises(ValueError, match=message):
        labels_of(images, 'data')


def test_data_set_that_does_not_name_its_images(root):
    some = Subset(build_dataset(part(root, 'a')), [1, 2])
    with pytest.raises(ValueError, match='a Subset does not say which images'):
        distinct_images(some)


def test_another_image_keeps_its_own_number(root, tmp_path):
    """MMEngine draws another image of the part if one cannot be read."""
    for i in range(4):
        (tmp_path / 'x').mkdir(exist_ok=True)
        Image.new('RGB', (8, 8), (i, 0, 0)).save(tmp_path / f'x/{i}.png')
    (tmp_path / 'x/2.png').write_bytes(b'no image')
    load = dict(type='hirl_mm.LoadImage', ignore_empty=True)
    broken = part(tmp_path, '') | dict(pipeline=[load, PIPELINE[1]])
    both = concat(part(root, 'a'), broken, ignore_keys=['classes'])
    dataset = build_dataset(both)
    number_samples(dataset)
    np.random.seed(0)
    for _ in range(5):
        sample = dataset[8]['data_samples']
        assert sample.sample_idx in (6, 7, 9)
        assert sample.img_path.endswith(f'{sample.sample_idx - 6}.png')
