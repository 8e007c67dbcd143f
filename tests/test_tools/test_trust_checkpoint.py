"""Every tool that reads checkpoints refuses one that could run code."""

import os
import runpy
import shutil
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from hirl_mm.checkpoints import load_tree
from hirl_mm.checkpoints.reader import NO_WEIGHTS_ONLY, WEIGHTS_ONLY
from hirl_mm.engine.checks.checkpoint_files import check_checkpoint_files
from hirl_mm.engine.runtime.trust import pass_trust_on
from tests.hostile_files import add_code
from tests.runs import ROOT, run, settle, small_config
from tests.tool_process import launch_tool

CLASSIFIER = (
    ROOT / 'configs/evaluation/demo/resnet18_1xb64-linear-10e_digits.py'
)


@pytest.fixture(scope='module')
def trained(digits, tmp_path_factory):
    """The folder of a run with its config and epoch_2.pth."""
    folder = tmp_path_factory.mktemp('trained')
    cfg = small_config(digits, folder, epochs=2)
    for part in (cfg.knn_gallery, cfg.knn_queries):
        part.data_root, part.indices = str(digits), 20
    cfg.knn_gallery.indices = cfg.train_dataloader.dataset.indices
    cfg.dump(folder / 'config.py')
    run(cfg)
    return folder


@pytest.fixture
def marker(tmp_path):
    return tmp_path / 'code_ran'


@pytest.fixture
def hostile(trained, marker, tmp_path):
    """A file that creates ``marker`` when it is unpickled."""
    return add_code(trained / 'epoch_2.pth', marker, tmp_path / 'hostile.pth')


def tool(name, *words, monkeypatch):
    """Run a tool in this process; what it exits with, None for success."""
    monkeypatch.setattr(sys, 'argv', [name, *map(str, words)])
    try:
        runpy.run_path(str(ROOT / f'tools/{name}.py'), run_name='__main__')
    except SystemExit as exit:
        return exit.code


def commands(trained, hostile, out):
    config = trained / 'config.py'
    frozen = '--num-workers', 0
    return dict(
        extract_features=(config, hostile, '--out', out / 'f.pth', *frozen),
        evaluate=(config, hostile, '--out', out, '--ks', 5, *frozen),
        analyze_levels=(config, hostile, '--out', out, *frozen),
        export_backbone=(hostile, '--to', 'torchvision')
        + ('--out', out / 'exported.pth'),
        import_checkpoint=(hostile, '--out', out / 'imported.pth'),
        visualize_tree=(hostile, '--data', out, '--out', out / 'tree.png'),
        sweep=(CLASSIFIER, '--arms', f'a={hostile}', '--lr', 1)
        + ('--work-dir', out),
    )


@pytest.mark.parametrize(
    'name',
    [
        'extract_features',
        'evaluate',
        'analyze_levels',
        'model_converters/export_backbone',
        'model_converters/import_checkpoint',
        'visualize_tree',
        'sweep',
    ],
)
def test_refused_and_read(
    name, trained, hostile, marker, tmp_path, monkeypatch
):
    words = commands(trained, hostile, tmp_path / 'out')[Path(name).name]
    (tmp_path / 'out').mkdir()
    said = tool(name, *words, monkeypatch=monkeypatch)
    assert f'{hostile} holds more than tensors' in said
    assert '--trust-checkpoint' in said
    assert not marker.exists()
    # Some go on to say what else is wrong with it.
    tool(name, *words, '--trust-checkpoint', monkeypatch=monkeypatch)
    assert marker.exists()


def test_training_refuses_to_resume(
    trained, hostile, marker, tmp_path, monkeypatch
):
    words = trained / 'config.py', '--resume', hostile, '--work-dir', tmp_path
    said = tool('train', *words, monkeypatch=monkeypatch)
    assert said.startswith(f'error: {hostile} holds more than tensors')
    assert '\n' not in said
    assert not marker.exists()


def test_two_processes_resume_from_a_trusted_file(
    trained, hostile, marker, tmp_path
):
    done = launch_tool(
        *(2, 'train', trained / 'config.py'),
        *('--work-dir', tmp_path / 'run', '--resume', hostile),
        *('--trust-checkpoint', '--cfg-options', 'train_cfg.max_epochs=3'),
        'train_dataloader.batch_size=16',
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert marker.exists()
    assert (tmp_path / 'run/epoch_3.pth').is_file()


def test_half_written_latest_checkpoint(trained, tmp_path, monkeypatch):
    half = tmp_path / 'epoch_1.pth'
    half.write_bytes((trained / 'epoch_2.pth').read_bytes()[:5000])
    (tmp_path / 'last_checkpoint').write_text(str(half))
    words = trained / 'config.py', '--resume', '--work-dir', tmp_path
    said = tool('train', *words, monkeypatch=monkeypatch)
    assert said.startswith(f'error: {half} is incomplete or damaged, BadZip')
    assert said.endswith('Use an earlier file, or write this one again')
    shutil.copy(trained / 'epoch_2.pth', tmp_path / 'epoch_0.pth')
    half.rename(tmp_path / 'epoch_3.pth')
    options = (
        *('--cfg-options', 'train_cfg.max_epochs=3', 'log_level=WARNING'),
        # Runs of one second and one name share a log file.
        'experiment_name=half_written',
    )
    assert tool('train', *words, *options, monkeypatch=monkeypatch) is None
    (log,) = tmp_path.glob('*/*.log')
    line = f'resuming from {tmp_path}/epoch_0.pth instead: {tmp_path}/epoch_3'
    assert log.read_text().count(line) == 1
    assert load_tree(tmp_path / 'epoch_3.pth').num_levels == 3


def classifier(digits, folder, checkpoint):
    cfg = Config.fromfile(CLASSIFIER)
    settle(cfg, folder)
    for part in ('train', 'val'):
        dataset = cfg[f'{part}_dataloader'].dataset
        dataset.data_root, dataset.indices = str(digits), 64
    cfg.train_cfg.max_epochs = 1
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.head.in_channels = 64
    cfg.model.backbone.init_cfg.checkpoint = checkpoint
    return cfg


def test_file_of_a_backbone(digits, hostile, marker, tmp_path):
    cfg = classifier(digits, tmp_path / 'run', hostile)
    with pytest.raises(ValueError, match='holds more than tensors'):
        check_checkpoint_files(cfg, training=True)
    with pytest.raises(ValueError, match='holds more than tensors'):
        run(cfg)
    assert not marker.exists()
    cfg.trust_checkpoint = True
    pass_trust_on(cfg)
    run(cfg)
    assert marker.exists()


def test_file_of_a_backbone_that_mmengine_loads(
    digits, hostile, marker, tmp_path
):
    cfg = classifier(digits, tmp_path / 'run', None)
    cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=hostile)
    with pytest.raises(ValueError, match='holds more than tensors'):
        check_checkpoint_files(cfg, training=True)
    assert not marker.exists()
    cfg.trust_checkpoint = True
    pass_trust_on(cfg)
    run(cfg)
    assert marker.exists()
    assert not {WEIGHTS_ONLY, NO_WEIGHTS_ONLY} & set(os.environ)


@pytest.mark.parametrize(
    'file, message',
    [
        ('', 'no checkpoint is given for the backbone'),
        ('gone.pth', 'there is no checkpoint gone.pth'),
    ],
)
def test_no_file_of_a_backbone(file, message, digits, tmp_path):
    cfg = classifier(digits, tmp_path / 'run', file)
    with pytest.raises((ValueError, OSError), match=message):
        check_checkpoint_files(cfg, training=True)
    # Evaluation loads all weights from its checkpoint.
    check_checkpoint_files(cfg, training=False)
    cfg.model.backbone.init_cfg.checkpoint = 'https://example.org/a.pth'
    check_checkpoint_files(cfg, training=True)


def test_evaluation_of_a_training(
    digits, trained, marker, tmp_path, monkeypatch
):
    cfg = classifier(digits, tmp_path, str(trained / 'epoch_2.pth'))
    cfg.dump(tmp_path / 'config.py')
    run(cfg)
    hostile = add_code(tmp_path / 'epoch_1.pth', marker, tmp_path / 'h.pth')
    words = tmp_path / 'config.py', hostile, '--work-dir', tmp_path / 'test'
    said = tool('test', *words, monkeypatch=monkeypatch)
    assert said.startswith(f'error: {hostile} holds more than tensors')
    assert not marker.exists()
    words += ('--trust-checkpoint',)
    assert tool('test', *words, monkeypatch=monkeypatch) is None
    assert marker.exists()
