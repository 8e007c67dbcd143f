"""Features are watched in real trainings, over ranks and over a resume."""

import json

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook

from hirl_mm.engine.checks.errors import StoppedError
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.dataset_features import dataset_features
from hirl_mm.engine.hooks import FeatureHealthHook
from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
from hirl_mm.evaluation.feature_health import FeatureHealth
from tests.processes import run_processes
from tests.runs import NUM_IMAGES, NUMS, run, small_config
from tests.test_evaluation.test_effective_rank import naive as naive_rank
from tests.test_evaluation.test_leave_one_out import naive as naive_knn
from tests.tool_process import run_tool

DATA = (
    'train_dataloader.dataset',
    'default_hooks.knn_probe.gallery',
    'default_hooks.knn_probe.queries',
)
NAMES = 'effective_rank', 'feature_spread', 'knn', 'tree_use'


def watched_config(digits, work_dir, epochs=2, hirl=True, **options):
    cfg = small_config(digits, work_dir, hirl=hirl, epochs=epochs)
    cfg.default_hooks.feature_health = dict(
        type='hirl_mm.FeatureHealthHook', num_workers=0, **options
    )
    if not hirl:
        cfg.default_hooks.feature_health.pipeline = [
            dict(type='hirl_mm.LoadImage'),
            dict(type='PackInputs'),
        ]
    return cfg


def figures(work_dir):
    """What was logged, by epoch."""
    (file,) = work_dir.glob('*/vis_data/scalars.json')
    found = {}
    for line in map(json.loads, file.read_text().splitlines()):
        if 'health/effective_rank' in line:
            found[line['step']] = {
                name: line[f'health/{name}']
                for name in NAMES
                if f'health/{name}' in line
            }
    return found


def log_of(work_dir):
    (file,) = work_dir.glob('*/*.log')
    return file.read_text()


class Break(Hook):
    """After an epoch all weights of the backbone get a value.

    Args:
        epoch: Number of finished epochs.
        value: The value.
    """

    def __init__(self, epoch, value):
        self.epoch, self.value = epoch, value

    def after_train_epoch(self, runner):
        if runner.epoch + 1 == self.epoch:
            with torch.no_grad():
                for weight in runner.model.backbone.parameters():
                    weight.fill_(self.value)


@pytest.fixture(scope='module')
def whole(digits, tmp_path_factory):
    """Folder and config of HIRL-MoCo v2, two epochs, and its hook."""
    folder = tmp_path_factory.mktemp('run')
    cfg = watched_config(digits, folder, k=5)
    hooks = run(cfg).hooks
    (hook,) = (h for h in hooks if isinstance(h, FeatureHealthHook))
    return folder, cfg, hook


def test_figures_are_those_of_the_weights_of_the_epoch(whole, digits):
    folder, cfg, _ = whole
    data = dict(
        cfg.train_dataloader.dataset,
        pipeline=cfg.default_hooks.kmeans.pipeline,
    )
    found = figures(folder)
    assert sorted(found) == [0, 1, 2]
    for epoch in (1, 2):
        model = load_pretrained(cfg, str(folder / f'epoch_{epoch}.pth'))
        features, labels, _ = dataset_features(model, data, 'train')
        rows = features.double().numpy()
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        tree = torch.load(folder / 'prototype_trees/epoch_2.pth')
        sizes = np.bincount(tree['leaf'], minlength=NUMS[0])
        shares = sizes[sizes > 0] / NUM_IMAGES
        assert found[epoch] == pytest.approx(
            dict(
                effective_rank=naive_rank(rows),
                feature_spread=np.linalg.norm(unit.std(0)),
                knn=naive_knn(rows, labels.numpy(), 5),
                tree_use=np.exp(-(shares @ np.log(shares))) / NUMS[0],
            ),
            rel=1e-4,
        )
    assert 'tree_use' not in found[0], 'there is no tree yet'


def test_a_resumed_run_compares_with_the_initial_weights(
    whole, digits, tmp_path
):
    folder, _, hook = whole
    cfg = watched_config(digits, tmp_path, k=5)
    cfg.resume, cfg.load_from = True, str(folder / 'epoch_1.pth')
    (resumed,) = (
        h for h in run(cfg).hooks if isinstance(h, FeatureHealthHook)
    )
    assert vars(resumed.watch) == vars(hook.watch)
    alone = figures(tmp_path)
    assert sorted(alone) == [1, 2]
    assert alone[1] == pytest.approx(figures(folder)[1])


@pytest.mark.parametrize(
    ('change', 'why'),
    [
        ('none', 'does not have the figures of the start'),
        ('other', 'are of other images'),
    ],
)
def test_a_start_that_cannot_be_compared(change, why, whole, digits, tmp_path):
    folder, _, hook = whole
    state = torch.load(folder / 'epoch_1.pth', weights_only=False)
    if change == 'none':
        del state['feature_health']
    torch.save(state, tmp_path / 'epoch_1.pth')
    num = 50 if change == 'other' else 2048
    cfg = watched_config(digits, tmp_path / 'run', k=5, num_images=num)
    cfg.resume, cfg.load_from = True, str(tmp_path / 'epoch_1.pth')
    (resumed,) = (
        h for h in run(cfg).hooks if isinstance(h, FeatureHealthHook)
    )
    assert resumed.watch.first.rank == pytest.approx(
        figures(tmp_path / 'run')[1]['effective_rank']
    )
    assert resumed.watch.first.rank != pytest.approx(hook.watch.first.rank)
    log = log_of(tmp_path / 'run')
    assert f'{why}. Features are compared with those after 1 epochs' in log


def test_loaded_weights_are_a_new_start(whole, digits, tmp_path):
    folder, _, _ = whole
    cfg = watched_config(digits, tmp_path, epochs=2, k=5)
    cfg.load_from = str(folder / 'epoch_1.pth')
    (hook,) = (h for h in run(cfg).hooks if isinstance(h, FeatureHealthHook))
    expected = figures(folder)[1]['effective_rank']
    assert hook.watch.first.rank == pytest.approx(expected)


def test_the_probe_is_read_and_not_repeated(digits, tmp_path):
    cfg = watched_config(digits, tmp_path, epochs=3, hirl=False)
    part = dict(
        type='mmpretrain.CustomDataset',
        data_root=str(digits),
        pipeline=cfg.default_hooks.feature_health.pop('pipeline'),
    )
    cfg.default_hooks.knn_probe = dict(
        type='hirl_mm.KNNProbeHook',
        gallery=dict(part, data_prefix='train'),
        queries=dict(part, data_prefix='val'),
        num_gallery=200,
        num_queries=60,
        num_workers=0,
        interval=2,
    )
    run(cfg)
    (file,) = tmp_path.glob('*/vis_data/scalars.json')
    lines = map(json.loads, file.read_text().splitlines())
    probed = {s['step']: s['knn/top1'] for s in lines if 'knn/top1' in s}
    found = figures(tmp_path)
    assert sorted(found) == [0, 1, 2, 3]
    of_hook = {e: f['knn'] for e, f in found.items() if 'knn' in f}
    assert of_hook == probed
    assert sorted(probed) == [0, 2, 3]


def test_collapse_is_told_once_and_can_stop_the_training(digits, tmp_path):
    cfg = watched_config(
        digits, tmp_path, epochs=9, hirl=False, stop=True, patience=2
    )
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    with pytest.raises(
        StoppedError,
        match=r'worse than at the start: since epoch 2, the effective rank .* '
        r'stops after 3 epochs; .* in a row that find this: 2\. '
        r'The last checkpoint of good features is .*epoch_1\.pth\. To train',
    ):
        run(cfg, Break(2, 0.0))
    assert log_of(tmp_path).count('worse: since epoch 2, the effective') == 1
    assert (tmp_path / 'epoch_3.pth').exists()


def test_the_tool_ends_with_the_reason(digits, tmp_path):
    """Images are read as the probe reads them."""
    done = run_tool(
        *('train', 'configs/demo/mocov2_resnet18_1xb64-20e_digits.py'),
        *('--work-dir', tmp_path, '--cfg-options'),
        *(f'{part}.data_root={digits}' for part in DATA),
        'train_dataloader.dataset.indices=320',
        'optim_wrapper.optimizer.lr=10.0',
        'default_hooks.feature_health.type=hirl_mm.FeatureHealthHook',
        'default_hooks.feature_health.stop=True',
        'default_hooks.feature_health.patience=1',
    )
    assert done.returncode == 1
    assert 'Traceback' not in done.stdout
    (*_, last) = done.stdout.splitlines()
    assert last.startswith('error: features are worse than at the start: ')
    assert 'No checkpoint has features as good as those at the' in last


def test_the_last_good_checkpoint_is_gone(digits, tmp_path):
    cfg = watched_config(
        digits, tmp_path, epochs=3, hirl=False, stop=True, patience=1
    )
    cfg.default_hooks.checkpoint.max_keep_ckpts = 1
    with pytest.raises(
        StoppedError,
        match='the effective rank .* good after 1 epochs, but there is no '
        'checkpoint of then',
    ):
        run(cfg, Break(2, 0.0))


def test_a_training_goes_on_unless_it_has_to_stop(digits, tmp_path):
    """Features that are NaN, too: the hook only tells."""
    cfg = watched_config(digits, tmp_path, epochs=2, hirl=False)
    run(cfg, Break(1, float('nan')))
    log = log_of(tmp_path)
    assert log.count('features get worse: since epoch 1, feature health') == 1
    assert '96 of 96' in log
    assert sorted(figures(tmp_path)) == [0]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_images=1), 'num_images must be at least 2.*num_images=1,'),
        (dict(interval=0), 'interval=0'),
        (dict(k=0), 'k=0'),
        (dict(patience=0), 'patience=0'),
        (dict(min_share=1.0), 'min_share must lie between 0 and 1.*got 1.0'),
        (dict(min_share=0.0), 'got 0.0'),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        FeatureHealthHook(**options)


def test_nothing_tells_how_to_read_images(digits, tmp_path):
    cfg = watched_config(digits, tmp_path, hirl=False)
    del cfg.default_hooks.feature_health.pipeline
    with pytest.raises(ValueError, match=r'give pipeline=\[...\], such as'):
        run(cfg)


def on_rank(rank, digits, folder):
    cfg = watched_config(digits, f'{folder}/run', epochs=1, hirl=False)
    cfg.launcher = 'pytorch'
    cfg.train_dataloader.batch_size = 16
    fit_to_cpu(cfg)
    (hook,) = (h for h in run(cfg).hooks if isinstance(h, FeatureHealthHook))
    torch.save(hook.watch.state_dict(), f'{folder}/{rank}.pth')


def test_ranks_have_the_figures_of_one_process(digits, tmp_path):
    run_processes(on_rank, 2, str(digits), str(tmp_path))
    first, second = (torch.load(tmp_path / f'{rank}.pth') for rank in range(2))
    assert first == second
    cfg = watched_config(digits, tmp_path / 'one', epochs=1, hirl=False)
    (hook,) = (h for h in run(cfg).hooks if isinstance(h, FeatureHealthHook))
    alone = hook.watch.first.scalars()
    assert FeatureHealth(**first['first']).scalars() == pytest.approx(
        alone, rel=1e-4
    )


def test_nan_is_no_reason_to_wait(digits, tmp_path):
    cfg = watched_config(digits, tmp_path, epochs=3, hirl=False, stop=True)
    with pytest.raises(StoppedError, match='96 of 96 .* stops after 1 epochs'):
        run(cfg, Break(1, float('nan')))
