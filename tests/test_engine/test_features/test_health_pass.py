"""Which images and labels the health of features is measured on."""

import shutil

import numpy as np
import pytest
import torch
from mmengine.dataset import ConcatDataset
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS
from PIL import Image

from hirl_mm.clustering.spread import feature_spread
from hirl_mm.engine.features.feature_pass import (
    feature_loader,
    whole_backbone_features,
)
from hirl_mm.engine.features.health_pass import HealthPass
from hirl_mm.evaluation.functional import (
    effective_rank,
    leave_one_out_accuracy,
)
from tests.algorithms import build

NUM = 14
PIPELINE = [
    dict(type='hirl_mm.LoadImage', ignore_empty=True),
    dict(type='PackInputs'),
]


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    return build('MoCo', hirl=False)


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    """Folder of two classes of coloured images, one of the other class."""
    folder = tmp_path_factory.mktemp('pictures')
    random = np.random.default_rng(0)
    for i in range(NUM):
        pixels = random.integers(0, 256, (32, 32, 3)) * [1, 0.5, 0.3]
        pixels = np.roll(pixels, i % 2, axis=2).astype(np.uint8)
        file = folder / f'class_{i % 2}/{i:02}.png'
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(file)
    return folder


def dataset(folder, **options):
    init_default_scope('mmpretrain')
    cfg = dict(type='CustomDataset', data_root=str(folder), pipeline=PIPELINE)
    return DATASETS.build(cfg | options)


def health(data, num_images=NUM, k=3):
    return HealthPass(data, PIPELINE, num_images, k, 4, 0)


def rows_of(model, data):
    loader = feature_loader(data, PIPELINE, 4, 0)
    return whole_backbone_features(model, loader, 'test')


def test_all_images(model, pictures):
    data = dataset(pictures)
    rows, labels = rows_of(model, data), torch.tensor([0, 1]).repeat(7)
    labels = labels.sort().values
    found = health(data).measure(model, with_knn=True)
    assert found.rank == pytest.approx(effective_rank(rows))
    assert found.spread == pytest.approx(feature_spread(rows))
    assert found.knn == leave_one_out_accuracy(rows, labels, 3)
    assert found.num_queries == NUM
    capped = health(data, k=99).measure(model, with_knn=True)
    assert capped.knn == leave_one_out_accuracy(rows, labels, NUM - 1)
    assert capped.knn != found.knn
    assert health(data).measure(model, with_knn=False).knn is None


def test_a_fixed_random_subset(model, pictures):
    data = dataset(pictures)
    some = health(data, num_images=6)
    assert some.measure(model, True) == health(data, 6).measure(model, True)
    assert len(some.labels) == 6
    assert set(some.labels.tolist()) == {0, 1}
    assert some.data == health(data, 6).data != health(data).data
    assert some.measure(model, True).num_queries == 6


def test_an_image_that_cannot_be_read(model, pictures, tmp_path):
    data = dataset(pictures)
    rows, labels = rows_of(model, data), torch.tensor(data.get_gt_labels())
    folder = shutil.copytree(pictures, tmp_path / 'pictures')
    (folder / 'class_0/08.png').write_bytes(b'no image')
    found = health(dataset(folder)).measure(model, with_knn=True)
    left = torch.arange(NUM) != 4
    assert found.rank == pytest.approx(effective_rank(rows[left]))
    assert found.knn == leave_one_out_accuracy(rows[left], labels[left], 3)
    assert found.num_queries == NUM - 1


def test_only_images_with_labels_vote(model, pictures):
    known = dataset(pictures)
    unknown = dataset(pictures, with_label=False)
    both = ConcatDataset([unknown, known], ignore_keys='classes')
    found = health(both, 2 * NUM).measure(model, with_knn=True)
    alone = health(known).measure(model, with_knn=True)
    assert (found.knn, found.num_queries) == (alone.knn, NUM)
    assert found.rank == pytest.approx(alone.rank)


@pytest.mark.parametrize('labels', ['none', 'one class'])
def test_labels_that_tell_nothing(labels, model, pictures):
    if labels == 'none':
        data = dataset(pictures, with_label=False)
    else:
        data = dataset(pictures).get_subset(range(5))
    found = health(data).measure(model, with_knn=True)
    assert (found.knn, found.num_queries) == (None, 0)
