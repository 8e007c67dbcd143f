"""How tools/train.py starts: folders, batches, and paths of any name."""

import runpy
import shutil
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from hirl_mm.options import option_value
from hirl_mm.studies.sweep import plan_sweep
from tests.runs import ROOT, run, small_config

# What shells, globs, lists and format strings would read in a name.
ODD = "a,b [1] {x}=y *? it's"
CLASSIFIER = (
    ROOT / 'configs/evaluation/demo/resnet18_1xb64-linear-10e_digits.py'
)


def tool(monkeypatch, name, *words):
    """Run a tool in this process; what it exits with, None for success."""
    monkeypatch.setattr(sys, 'argv', [name, *map(str, words)])
    try:
        runpy.run_path(str(ROOT / f'tools/{name}.py'), run_name='__main__')
    except SystemExit as exit:
        return exit.code


@pytest.fixture(scope='module')
def trained(digits, tmp_path_factory):
    """Folder of a run of two epochs, with its config."""
    folder = tmp_path_factory.mktemp('trained') / 'run'
    cfg = small_config(digits, folder, epochs=2)
    for part in (cfg.knn_gallery, cfg.knn_queries):
        part.data_root, part.indices = str(digits), 20
    cfg.knn_gallery.indices = cfg.train_dataloader.dataset.indices
    run(cfg)
    cfg.pop('work_dir'), cfg.pop('experiment_name')
    cfg.dump(folder.parent / 'config.py')
    return folder


@pytest.fixture
def config(trained):
    return trained.parent / 'config.py'


@pytest.fixture
def used(trained, tmp_path):
    """A copy of the folder, while the first one is still there."""
    return shutil.copytree(trained, tmp_path / 'used')


def test_folder_of_another_run(config, used, monkeypatch):
    before = {f: f.stat().st_mtime_ns for f in used.rglob('*')}
    said = tool(monkeypatch, 'train', config, '--work-dir', used)
    assert said.startswith(
        f'error: {used} holds 4 files of another run (epoch_1.pt'
    )
    assert '\n' not in said and '--overwrite' in said
    assert {f: f.stat().st_mtime_ns for f in used.rglob('*')} == before


def test_overwritten_if_asked_for(config, used, monkeypatch):
    options = '--overwrite', '--cfg-options', 'train_cfg.max_epochs=1'
    options += ('default_hooks.kmeans.start_epoch=0',)
    words = 'train', config, '--work-dir', used, *options
    assert tool(monkeypatch, *words) is None
    found = sorted(str(f.relative_to(used)) for f in used.rglob('*.pth'))
    assert found == ['epoch_1.pth', 'prototype_trees/epoch_1.pth']


def test_not_both_of_resume_and_overwrite(config, used, monkeypatch, capsys):
    words = config, '--work-dir', used, '--resume', '--overwrite'
    assert tool(monkeypatch, 'train', *words) == 2
    assert 'not allowed with argument --resume' in capsys.readouterr().err


@pytest.mark.parametrize('moved', [True, False])
def test_resumes_in_a_folder_that_was_moved(
    moved, config, used, tmp_path, monkeypatch
):
    """Or copied: what the first folder holds by now does not matter."""
    (used / 'last_checkpoint').write_text(str(tmp_path / 'first/epoch_2.pth'))
    if not moved:
        shutil.copytree(used, tmp_path / 'first')
        (tmp_path / 'first/epoch_2.pth').write_text('of a later run')
    words = '--resume', '--cfg-options', 'train_cfg.max_epochs=3'
    said = tool(monkeypatch, 'train', config, '--work-dir', used, *words)
    assert said is None
    assert (used / 'epoch_3.pth').is_file()


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (
            'train_dataloader.batch_size=97',
            'its 96 images do not fill a batch',
        ),
        ('train_dataloader.batch_size=24', 'queue_len=128 must be a multiple'),
        ('train_dataloader.batch_size=0', 'train_dataloader.batch_size must'),
        (
            'train_dataloader.persistent_workers=True',
            'train_dataloader.persistent_workers=True needs worker processes',
        ),
    ],
)
def test_batches_that_do_not_fit(
    option, message, config, tmp_path, monkeypatch
):
    words = config, '--work-dir', tmp_path, '--cfg-options', option
    said = tool(monkeypatch, 'train', *words)
    assert message in said and '\n' not in said
    assert not list(tmp_path.rglob('*.pth'))


def test_paths_of_any_name(config, digits, trained, tmp_path, monkeypatch):
    data = tmp_path / ODD / '[1]'
    data.parent.mkdir()
    data.symlink_to(digits)
    checkpoint = shutil.copy(trained / 'epoch_2.pth', data.parent / '[*].pth')
    work_dir = tmp_path / f'run {ODD}'
    options = (
        f'train_dataloader.dataset.data_root={data}',
        'train_cfg.max_epochs=3',
    )
    said = tool(
        *(monkeypatch, 'train', config, '--work-dir', work_dir),
        *('--resume', checkpoint, '--cfg-options', *options),
    )
    assert said is None
    assert (work_dir / 'epoch_3.pth').is_file()
    ran = Config.fromfile(work_dir / 'config.py')
    assert ran.train_dataloader.dataset.data_root == str(data)
    # And on, from the file that last_checkpoint names.
    said = tool(
        *(monkeypatch, 'train', config, '--work-dir', work_dir, '--resume'),
        *('--cfg-options', options[0], 'train_cfg.max_epochs=4'),
    )
    assert said is None
    assert (work_dir / 'epoch_4.pth').is_file()


@pytest.mark.parametrize(
    'name',
    ['extract_features', 'evaluate', 'visualize_tree', 'export_backbone'],
)
def test_checkpoints_of_any_name(
    name, config, digits, trained, tmp_path, monkeypatch
):
    file = shutil.copy(trained / 'epoch_2.pth', tmp_path / f'{ODD}.pth')
    out, frozen = tmp_path / f'out {ODD}', ('--num-workers', 0)
    words = dict(
        extract_features=(config, file, '--out', f'{out}.pth', *frozen),
        evaluate=(config, file, '--out', out, '--ks', 5, *frozen),
        visualize_tree=(file, '--data', digits / 'train')
        + ('--out', f'{out}.png'),
        export_backbone=(file, '--to', 'torchvision')
        + ('--out', f'{out}.pth'),
    )[name]
    folder = 'model_converters/' if name == 'export_backbone' else ''
    said = tool(monkeypatch, f'{folder}{name}', *words)
    assert said is None or 'no checkpoint' not in said


def test_sweep_passes_paths_on(trained, tmp_path):
    file = shutil.copy(trained / 'epoch_2.pth', tmp_path / f'{ODD}.pth')
    (planned,) = plan_sweep(
        str(CLASSIFIER),
        'optim_wrapper.optimizer.lr',
        dict(a=str(file)),
        [0.1],
        [0],
        [],
        tmp_path,
    )
    options = dict(word.split('=', 1) for word in planned.options)
    key = 'model.backbone.init_cfg.checkpoint'
    path = option_value(key, options[key])
    assert path == str(Path(file).resolve())
    assert torch.load(path, weights_only=False)['meta']['epoch'] == 2
