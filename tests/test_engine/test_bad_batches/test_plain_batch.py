"""Batches in files without code, and back."""

import io

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpretrain.structures import DataSample

from hirl_mm.engine.bad_batches.kept_batch import KeptBatch
from hirl_mm.engine.bad_batches.plain_batch import plain_batch, rebuilt_batch
from hirl_mm.views import RaggedImages


def through_a_file(batch):
    file = io.BytesIO()
    torch.save(plain_batch(batch), file)
    file.seek(0)
    return rebuilt_batch(torch.load(file, weights_only=True))


def test_a_batch_of_mmpretrain():
    sample = DataSample(
        metainfo=dict(img_path='a.png', sample_idx=3, img_shape=(4, 5))
    ).set_gt_label([2])
    views = [torch.rand(1, 3, 4, 5), torch.rand(1, 3, 2, 2)]
    found = through_a_file(dict(inputs=views, data_samples=[sample]))
    assert all(map(torch.equal, found['inputs'], views))
    (back,) = found['data_samples']
    assert type(back) is DataSample
    assert back.metainfo == sample.metainfo
    assert torch.equal(back.gt_label, sample.gt_label)


def test_a_batch_of_mmdetection():
    structures = pytest.importorskip('mmdet.structures')
    boxes = pytest.importorskip('mmdet.structures.bbox').HorizontalBoxes
    masks = pytest.importorskip('mmdet.structures.mask').BitmapMasks
    bitmaps = np.arange(24, dtype=np.uint8).reshape(2, 3, 4) % 2
    instances = InstanceData(
        bboxes=boxes(torch.rand(2, 4)),
        labels=torch.tensor([1, 2]),
        masks=masks(bitmaps, 3, 4),
    )
    sample = structures.DetDataSample(
        metainfo=dict(img_path='b.jpg', scale_factor=np.float64(0.5))
    )
    sample.gt_instances = instances
    (back,) = through_a_file([sample])
    found = back.gt_instances
    assert type(back) is structures.DetDataSample
    assert back.scale_factor == 0.5
    assert torch.equal(found.bboxes.tensor, instances.bboxes.tensor)
    assert torch.equal(found.labels, instances.labels)
    assert np.array_equal(found.masks.masks, bitmaps)


def test_decoded_images_of_different_sizes():
    images = RaggedImages.of([torch.ones(2, 3, 3), torch.zeros(1, 2, 3)])
    found = through_a_file(dict(inputs=images))['inputs']
    assert isinstance(found, RaggedImages)
    assert all(map(torch.equal, found, images))


class Stranger:
    pass


def test_an_unknown_object_becomes_its_name():
    found = through_a_file(dict(extra=Stranger()))
    assert found == dict(extra=f'{__name__}.Stranger')


def test_no_other_class_is_built():
    with pytest.raises(ValueError, match='the batch holds a system, expected'):
        rebuilt_batch({'__kind__': 'system', 'values': ['true']})


def test_another_file_is_no_batch(tmp_path):
    file = tmp_path / 'epoch_1.pth'
    torch.save(dict(state_dict={}), file)
    with pytest.raises(ValueError) as error:
        KeptBatch.load(file)
    assert str(error.value) == (
        f'{file} is not a batch that a training has kept: expected a file of '
        'the folder bad_batches of a run'
    )
