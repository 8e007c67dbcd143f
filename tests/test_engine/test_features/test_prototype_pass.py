"""What is nearest to the prototypes of SS-PRL, against a loop over patches."""

import json
import shutil
from pathlib import Path

import mmcv
import numpy as np
import pytest
import torch
from mmengine.config import Config

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.toy import write_digit_scenes
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.engine.evaluation.trained_model import built_model
from hirl_mm.engine.features.class_shares import ClassShares
from hirl_mm.engine.features.prototype_choice import check_choice
from hirl_mm.engine.features.prototype_pass import find_prototypes
from hirl_mm.engine.features.prototype_readings import prototype_readings
from hirl_mm.engine.features.pyramid_scales import scales_of_config
from hirl_mm.studies.prototype_report import write_prototype_report
from tests.logged import warnings_of
from tests.runs import ROOT

NUM = 9
CONFIG = ROOT / 'configs/debug/ssprl_resnet18_1xb32-4e_digit-scenes.py'
GRIDS = [(1, 48, 48), (2, 64, 28), (3, 72, 20)]


@pytest.fixture(scope='module')
def cfg(tmp_path_factory):
    """The debug config on nine scenes, of which two are equal."""
    root = tmp_path_factory.mktemp('data') / 'scenes'
    write_digit_scenes(root, num_trainval=NUM, num_test=1)
    shutil.copy(root / 'JPEGImages/000002.jpg', root / 'JPEGImages/000007.jpg')
    cfg = Config.fromfile(CONFIG)
    cfg.train_dataloader.dataset.data_root = str(root)
    return cfg


@pytest.fixture(scope='module')
def model(cfg):
    torch.manual_seed(0)
    return built_model(cfg)


@pytest.fixture(scope='module')
def images(cfg, model):
    return distinct_images(build_dataset(cfg.train_dataloader.dataset))


@pytest.fixture
def find(cfg, model, images):
    def run(images=images, cfg=cfg, num=4, k=3, **options):
        (reading,) = prototype_readings(model, None, cfg)
        options = dict(num_prototypes=num, num_nearest=k) | options
        return find_prototypes(model, images, reading, **options)

    return run


def patches(path, grid, region, size):
    """The patches of an image by hand, RGB, with their boxes."""
    image = mmcv.imread(str(path), channel_order='rgb')
    height, width = image.shape[:2]
    whole = mmcv.imresize(image, (region, region), backend='pillow')
    cell = region // grid
    free = (cell - size) // 2
    for row in range(grid):
        for column in range(grid):
            top, left = row * cell + free, column * cell + free
            part = whole[top : top + size, left : left + size]
            box = np.array([left, top, left + size, top + size], float)
            yield part, box * ([width, height] * 2) / region


@torch.no_grad()
def embedded(model, part, scale):
    """The embedding of one patch, alone."""
    image = (torch.from_numpy(part.copy()).permute(2, 0, 1) - 127.5) / 127.5
    model.eval()
    feature = model.backbone(image.float()[None])
    row = model.neck.scales[scale]([feature])[0].double().numpy()
    return row / np.linalg.norm(row)


@pytest.fixture(scope='module')
def by_hand(model, images):
    """Per scale: all patches in order, with their cosines (n, K)."""
    paths = [images.name(i) for i in range(NUM)]
    scales = []
    for scale, grid in enumerate(GRIDS):
        weights = model.head.prototypes[scale].weight.detach().double().numpy()
        weights = weights / np.linalg.norm(weights, axis=1, keepdims=True)
        entries, rows = [], []
        for sample, path in enumerate(paths):
            for number, (part, box) in enumerate(patches(path, *grid)):
                entries.append((sample, number, part, box))
                rows.append(embedded(model, part, scale) @ weights.T)
        scales.append((entries, np.stack(rows)))
    return scales


@pytest.mark.parametrize('one_per_image', [True, False])
def test_equals_a_loop_over_single_patches(find, by_hand, one_per_image):
    found = find(one_per_image=one_per_image, batch_size=4, k=5)
    assert [one.of.name for one in found] == ['scale 0', 'scale 1', 'scale 2']
    for one, (entries, cosines) in zip(found, by_hand, strict=True):
        counts = np.bincount(cosines.argmax(1), minlength=cosines.shape[1])
        assert one.counts.tolist() == counts.tolist()
        assert counts[one.chosen].min() > 0
        for place, prototype in enumerate(one.chosen):
            order = np.lexsort(
                (np.arange(len(entries)), -cosines[:, prototype].round(5))
            )
            expected = []
            for number in order:
                sample = entries[number][0]
                seen = [entries[e][0] for e in expected]
                if not one_per_image or sample not in seen:
                    expected.append(number)
            expected = expected[:5]
            got = one.nearest.similarity[place].numpy()
            np.testing.assert_allclose(
                got, cosines[expected, prototype], atol=1e-5
            )
            pairs = zip(
                one.nearest.sample_idx[place].tolist(),
                one.nearest.part[place].tolist(),
                strict=True,
            )
            assert [*pairs] == [entries[e][:2] for e in expected]
            members = cosines[expected].argmax(1) == prototype
            assert one.is_member[place].tolist() == members.tolist()
            for view, number in zip(one.views[place], expected, strict=True):
                pixels = np.asarray(view.picture)
                np.testing.assert_array_equal(pixels, entries[number][2])
                assert view.size == (64, 64)


def test_equal_images_come_in_the_order_of_the_samples(find):
    (reading, *_) = found = find(k=NUM, num=60)
    assert len(found) == 3
    for row in reading.nearest.sample_idx.tolist():
        first = row.index(1)
        assert row[first + 1] == 6
    scores = reading.nearest.similarity
    assert (scores[:, :-1] >= scores[:, 1:]).all()


def test_batches_change_nothing(find):
    one, other = find(batch_size=2), find(batch_size=NUM)
    for first, second in zip(one, other, strict=True):
        assert first.chosen == second.chosen
        assert torch.equal(first.nearest.part, second.nearest.part)
        assert torch.equal(first.nearest.sample_idx, second.nearest.sample_idx)


def test_chosen_prototypes(find, model):
    model.train()
    found = find(chosen=[7, 29])
    assert model.training
    assert [one.chosen for one in found] == [[7, 29]] * 3
    with pytest.raises(ValueError, match='of scale 1 .* 0 to 29, got 30'):
        find(chosen=[3, 30])
    check_choice([30, 59], 60, 'scale 0')


@pytest.mark.slow
def test_report_has_the_boxes(find, images, by_hand, tmp_path):
    found = find(k=2)
    write_prototype_report(tmp_path / 'p.md', found, images, title='Title')
    values = json.loads((tmp_path / 'p.json').read_text())['prototypes']
    assert (tmp_path / 'p.png').stat().st_size
    for one, (entries, _) in zip(found, by_hand, strict=True):
        boxes = {entry[:2]: entry[3].round(1).tolist() for entry in entries}
        content = values[one.of.name]
        assert content['rows'] == len(entries)
        for place, prototype in enumerate(content['prototypes']):
            assert prototype['prototype'] == one.chosen[place]
            pairs = zip(
                one.nearest.sample_idx[place].tolist(),
                one.nearest.part[place].tolist(),
                strict=True,
            )
            for near, pair in zip(prototype['nearest'], pairs, strict=True):
                assert near['image'] == images.name(pair[0])
                assert near['box'] == boxes[pair]


def test_images_that_cannot_be_read(find, cfg, images, tmp_path):
    root = shutil.copytree(images.data_root, tmp_path / 'scenes')
    broken = Path(root) / 'JPEGImages/000003.jpg'
    broken.write_bytes(b'no image')
    cfg = Config(dict(cfg), filename=cfg.filename)
    cfg.train_dataloader.dataset.data_root = str(root)
    with pytest.raises(OSError, match='000003.jpg'):
        find(build_dataset(cfg.train_dataloader.dataset), cfg)
    cfg.train_dataloader.dataset.pipeline[0].ignore_empty = True
    with warnings_of() as warned:
        found = find(build_dataset(cfg.train_dataloader.dataset), cfg, k=NUM)
    assert '1 of 9 images cannot be read' in warned[-1]
    assert '000003.jpg' in warned[-1]
    assert [int(one.counts.sum()) for one in found] == [8, 32, 72]
    for one in found:
        assert 2 not in one.nearest.sample_idx
        assert one.nearest.sample_idx.size(1) == NUM - 1


def test_scales_of_a_run_with_device_views(cfg):
    expected = scales_of_config(cfg)
    assert [(s.grid, s.region_size, s.patch_size) for s in expected] == GRIDS
    pyramid = cfg.train_dataloader.dataset.pipeline[1]
    placed = Config(cfg.to_dict(), filename=cfg.filename)
    placed.data_preprocessor = dict(
        type='hirl_mm.DeviceViews',
        transforms=pyramid.transforms,
        patches=dict(scales=pyramid.scales),
    )
    load = dict(type='hirl_mm.LoadImage'), dict(type='hirl_mm.PackWholeImage')
    placed.train_dataloader.dataset.pipeline = load
    assert scales_of_config(placed) == expected
    placed.data_preprocessor = dict()
    with pytest.raises(ValueError, match='has no PatchPyramid'):
        scales_of_config(placed)


def test_a_pyramid_that_does_not_fit(model, cfg):
    other = Config(cfg.to_dict(), filename=cfg.filename)
    pyramid = other.train_dataloader.dataset.pipeline[1]
    pyramid.scales[0].update(grid=1)
    with pytest.raises(ValueError, match=r'\(4, 9\), but .* \(1, 9\)'):
        prototype_readings(model, None, other)
    pyramid.transforms[0][0]['scale'] = (48, 40)
    with pytest.raises(ValueError, match=r'with one side .* got \(48, 40\)'):
        prototype_readings(model, None, other)


def test_classes_of_several_labels(images):
    shares = ClassShares(images)
    labels = [set(images.get_data_info(i)['gt_label']) for i in range(NUM)]
    samples = [0, 3, 3, 4]
    found = shares.among(samples)
    for one in found:
        label = int(one.name)
        assert one.num == sum(label in labels[i] for i in samples)
        assert one.share_of_all == sum(label in s for s in labels) / NUM
    assert {int(one.name) for one in found} == labels[0] | labels[3] | labels[
        4
    ]
    keys = [(-one.num, one.share_of_all) for one in found]
    assert keys == sorted(keys)
