import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from tests.runs import run, small_config


def probed_config(digits, work_dir, epochs=2, **options):
    cfg = small_config(digits, work_dir, hirl=False, epochs=epochs)
    part = dict(
        type='mmpretrain.CustomDataset',
        data_root=str(digits),
        pipeline=[dict(type='hirl_mm.LoadImage'), dict(type='PackInputs')],
    )
    cfg.default_hooks.knn_probe = dict(
        type='hirl_mm.KNNProbeHook',
        gallery=dict(part, data_prefix='train'),
        queries=dict(part, data_prefix='val'),
        **(dict(num_gallery=200, num_queries=60, num_workers=0) | options),
    )
    return cfg


def probes(work_dir):
    (file,) = work_dir.glob('*/vis_data/scalars.json')
    lines = map(json.loads, file.read_text().splitlines())
    return {
        line['step']: line['knn/top1'] for line in lines if 'knn/top1' in line
    }


def test_every_interval_and_the_end(digits, tmp_path):
    run(probed_config(digits, tmp_path, epochs=3, interval=2, batch_size=64))
    assert sorted(probes(tmp_path)) == [0, 2, 3]


def test_best_checkpoint_is_the_one_that_was_measured(digits, tmp_path):
    cfg = probed_config(digits, tmp_path, epochs=3)
    cfg.default_hooks.checkpoint.save_best = 'knn/top1'
    run(cfg)
    accuracy = probes(tmp_path)
    del accuracy[0]
    best = max(accuracy, key=accuracy.get)
    (file,) = tmp_path.glob('best_knn*.pth')
    assert re.search(r'epoch_(\d+)', file.name)[1] == str(best)
    kept = torch.load(file, weights_only=False)
    epoch = torch.load(tmp_path / f'epoch_{best}.pth', weights_only=False)
    for key, value in epoch['state_dict'].items():
        assert torch.equal(kept['state_dict'][key], value), key
    assert kept['meta']['epoch'] == best


def test_figure_is_that_of_the_evaluation_tool(digits, tmp_path):
    from hirl_mm.engine.evaluation.pretrained import load_pretrained
    from hirl_mm.engine.features.dataset_features import dataset_features
    from hirl_mm.evaluation.functional import knn_accuracy

    whole = dict(num_gallery=None, num_queries=None, k=7)
    cfg = probed_config(digits, tmp_path, epochs=1, **whole)
    run(cfg)
    model = load_pretrained(cfg, str(tmp_path / 'epoch_1.pth'))
    gallery, queries = (
        dataset_features(model, cfg.default_hooks.knn_probe[part], part)[:2]
        for part in ('gallery', 'queries')
    )
    expected = knn_accuracy(*gallery, *queries, ks=(7,))[7]
    assert probes(tmp_path)[1] == pytest.approx(expected)


def test_config_with_old_names_runs(digits, tmp_path):
    cfg = probed_config(digits, tmp_path / 'new', epochs=1)
    old = probed_config(digits, tmp_path / 'old', epochs=1)
    probe = old.default_hooks.knn_probe
    probe.bank = probe.pop('gallery')
    probe.num_bank = probe.pop('num_gallery')
    run(cfg)
    run(old)
    assert probes(tmp_path / 'old') == probes(tmp_path / 'new')
    (log,) = (tmp_path / 'old').glob('*/*.log')
    (line,) = re.findall('.*WARNING - KNNProbeHook.*', log.read_text())
    assert 'bank is now gallery, num_bank is now num_gallery' in line


def test_probe_does_not_change_the_training(digits, tmp_path):
    run(probed_config(digits, tmp_path / 'probed', epochs=2))
    run(small_config(digits, tmp_path / 'plain', hirl=False, epochs=2))
    probed, plain = (
        torch.load(tmp_path / name / 'epoch_2.pth', weights_only=False)
        for name in ('probed', 'plain')
    )
    for key, value in plain['state_dict'].items():
        assert torch.equal(probed['state_dict'][key], value), key


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(k=0), 'interval and k must be at least 1, got 1 and 0'),
        (dict(num_queries=0), 'num_queries .* got 0'),
        (dict(interval=0), 'interval and k must be at least 1, got 0 and 20'),
    ],
)
def test_options_out_of_range(options, message, digits, tmp_path):
    with pytest.raises(ValueError, match=message):
        run(probed_config(digits, tmp_path, **options))


def test_more_neighbours_and_images_than_there_are(digits, tmp_path):
    cfg = probed_config(digits, tmp_path, num_queries=10_000, k=30)
    cfg.default_hooks.knn_probe['gallery']['indices'] = 12
    cfg.train_cfg.max_epochs = 1
    cfg.log_level = 'INFO'
    run(cfg)
    (log,) = tmp_path.glob('*/*.log')
    log = log.read_text()
    assert 'num_gallery is 200, but the data set has 12 samples' in log
    assert 'num_queries is 10000, but the data set has 297 samples' in log
    assert 'k of the kNN probe is 30, but the gallery has 12' in log
    assert '(k 12, 12 images in the gallery, 297 queries' in log
    assert sorted(probes(tmp_path)) == [0, 1]


def test_images_without_labels(digits, tmp_path):
    cfg = probed_config(digits, tmp_path)
    cfg.default_hooks.knn_probe['gallery']['with_label'] = False
    with pytest.raises(
        ValueError, match='200 of the 200 samples of the gallery'
    ):
        run(cfg)


def with_pictures(cfg, root):
    """A training on pictures in classes with the names of the digits."""
    for label in range(2):
        folder = root / 'photos/train' / str(label)
        folder.mkdir(parents=True)
        for number in range(32):
            pixels = np.full((32, 32, 3), 4 * number, np.uint8)
            Image.fromarray(pixels).save(folder / f'{number}.png')
    cfg.train_dataloader.dataset.update(
        data_root=str(root / 'photos'), indices=None
    )
    return cfg


def test_other_images_than_those_of_the_training_are_refused(digits, tmp_path):
    cfg = with_pictures(probed_config(digits, tmp_path / 'run'), tmp_path)
    with pytest.raises(ValueError) as error:
        run(cfg)
    assert str(error.value).startswith(
        f'knn_probe measures images of {digits}/train, but '
        f'{tmp_path}/photos/train is trained on: '
    )


def test_other_images_may_be_meant(digits, tmp_path):
    options = dict(other_images=True, epochs=1)
    cfg = probed_config(digits, tmp_path / 'run', **options)
    run(with_pictures(cfg, tmp_path))
    assert sorted(probes(tmp_path / 'run')) == [0, 1]
