"""The checkpoint from which a run goes on, whatever is broken."""

import os
import shutil

import pytest
import torch
from mmengine.config import Config

from hirl_mm.checkpoints import UntrustedCheckpointError
from hirl_mm.engine.checks.errors import StartError
from hirl_mm.engine.checks.start import check_config
from hirl_mm.engine.runtime.found_checkpoints import (
    find_checkpoint,
    find_for,
    latest_checkpoint,
)
from tests.hostile_files import add_code


def save(folder, name, epoch, iter, run='mine'):
    """Write a checkpoint with all that finding looks at."""
    folder.mkdir(parents=True, exist_ok=True)
    hub = dict(runtime_info=dict(experiment_name=run))
    content = dict(
        meta=dict(epoch=epoch, iter=iter),
        message_hub=hub,
        state_dict=dict(weight=torch.arange(100.0)),
    )
    torch.save(content, folder / name)


@pytest.fixture
def run(tmp_path):
    """A folder with three checkpoints, the last of which is recorded."""
    for epoch in 9, 10, 11:
        save(tmp_path, f'epoch_{epoch}.pth', epoch, 10 * epoch)
    record(tmp_path, tmp_path / 'epoch_11.pth')
    return tmp_path


def record(folder, named):
    (folder / 'last_checkpoint').write_text(str(named))


def found(folder, **options):
    file, broken = find_checkpoint(folder, **options)
    return file and os.path.relpath(file, folder), broken


@pytest.mark.parametrize(
    'content',
    [
        *(None, b'', b'\xff\xfe\x00\x9d', b'/gone/epoch_12.pth'),
        *(b'epoch_9.pth', b'epoch_', b'a\0b', b'.', b'x' * 5000),
    ],
)
def test_whatever_is_recorded(content, run):
    (run / 'last_checkpoint').unlink()
    if content is not None:
        (run / 'last_checkpoint').write_bytes(content)
    assert found(run) == ('epoch_11.pth', ())
    (run / 'epoch_11.pth').unlink()
    assert found(run) == ('epoch_10.pth', ())


def flip(file):
    content = file.read_bytes()
    part = content.index(torch.arange(100.0).numpy().tobytes())
    changed = bytes([content[part] ^ 1])
    file.write_bytes(content[:part] + changed + content[part + 1 :])


def cut(file):
    os.truncate(file, file.stat().st_size // 2)


def empty(file):
    file.write_bytes(b'')


def other_content(file):
    torch.save(dict(weight=torch.ones(1)), file)


def a_list(file):
    torch.save([1], file)


@pytest.mark.parametrize(
    ('damage', 'reason'),
    [
        (flip, 'is damaged: its part'),
        (cut, 'is incomplete or damaged'),
        (empty, 'cannot be read as a checkpoint'),
        (other_content, 'is no checkpoint of a training: it does not say'),
        (a_list, 'holds a list, not a dict'),
    ],
)
def test_the_one_before_a_broken_one(damage, reason, run):
    damage(run / 'epoch_11.pth')
    file, (broken,) = found(run)
    assert file == 'epoch_10.pth'
    assert broken.startswith(f'{run}/epoch_11.pth {reason}')
    assert '\n' not in broken
    cfg = config(run, resume=True)
    assert check_config(cfg) == [
        f'resuming from {run}/epoch_10.pth instead: {broken}'
    ]
    assert cfg.resume and cfg.load_from == str(run / 'epoch_10.pth')
    damage(run / 'epoch_10.pth')
    assert [found(run)[0], len(found(run)[1])] == ['epoch_9.pth', 2]


def config(work_dir, **options):
    loader = dict(batch_size=1, num_workers=0, dataset=dict(type='None'))
    return Config(
        dict(
            work_dir=str(work_dir),
            launcher='none',
            train_dataloader=loader,
            default_hooks=dict(
                work_folder=dict(type='hirl_mm.WorkFolderHook')
            ),
            **options,
        )
    )


def test_all_are_broken(run):
    for file in run.glob('*.pth'):
        flip(file)
    assert latest_checkpoint(run) is None
    with pytest.raises(OSError, match=f'^{run}/epoch_11.pth is damaged'):
        check_config(config(run, resume=True))


def test_broken_file_that_was_named(run):
    flip(run / 'epoch_11.pth')
    cfg = config(run, resume=True, load_from=str(run / 'epoch_11.pth'))
    with pytest.raises(OSError, match=f'^{run}/epoch_11.pth is damaged'):
        check_config(cfg)


@pytest.mark.parametrize('recorded', [True, False])
def test_nothing_to_go_on_from(recorded, tmp_path):
    """MMEngine would read what last_checkpoint says."""
    assert found(tmp_path / 'missing') == (None, ())
    cfg = config(tmp_path, resume=True, load_from='weights.pth')
    if recorded:
        (tmp_path / 'last_checkpoint').write_bytes(b'\xff')
        cfg.load_from = None
        with pytest.raises(StartError, match='has no checkpoint to resume'):
            check_config(cfg)
        return
    torch.save(dict(weight=torch.ones(1)), tmp_path / 'weights.pth')
    cfg.load_from = str(tmp_path / 'weights.pth')
    assert check_config(cfg, newest=True) == []
    # The run begins with the weights of its config.
    assert not cfg.resume
    assert cfg.load_from == str(tmp_path / 'weights.pth')


@pytest.mark.parametrize('other', ['', 'best_knn.pth', 'last_checkpoint'])
def test_run_that_was_killed_before_its_first_checkpoint(other, tmp_path):
    """Trees alone are in the way of a new run, but not of --resume."""
    (tmp_path / 'neighbors').mkdir()
    (tmp_path / 'neighbors/epoch_1.pth').touch()
    with pytest.raises(StartError, match='holds 1 files of another run'):
        check_config(config(tmp_path))
    cfg = config(tmp_path, resume=True)
    if other:
        (tmp_path / other).touch()
        with pytest.raises(StartError, match='holds 2 files of another run'):
            check_config(cfg)
        return
    check_config(cfg)
    assert not cfg.resume and cfg.default_hooks.work_folder.restart


def test_newest_instead_of_the_weights_at_the_start(run, tmp_path):
    cfg = config(run, resume=True, load_from=str(run / 'epoch_9.pth'))
    check_config(cfg)
    assert cfg.load_from == str(run / 'epoch_9.pth')
    check_config(cfg, newest=True)
    assert cfg.load_from == str(run / 'epoch_11.pth')


def test_files_inside_epochs(run):
    """By epoch and iteration, whatever their numbers are."""
    save(run, 'iter_105.pth', 10, 105)
    assert found(run)[0] == 'epoch_11.pth'
    (run / 'iter_105.pth').unlink()
    # After the batch was doubled.
    save(run, 'iter_60.pth', 12, 60)
    assert found(run)[0] == 'iter_60.pth'


def test_what_is_no_checkpoint_by_its_name(run):
    names = [
        *('best_score_epoch_12.pth', 'epoch_12-1a2b3c4d.pth'),
        *('.epoch_12-1a2b3c4d-77-1a2b3c4d.pth', 'epoch_12.pth.bak'),
        *('epoch_x.pth', 'weights_12.pth'),
    ]
    for name in names:
        save(run, name, 12, 120)
    (run / 'epoch_13.pth').mkdir()
    assert found(run) == ('epoch_11.pth', ())


def test_names_of_the_hook(run):
    save(run, 'at_12_of_20.pth', 12, 120)
    assert found(run)[0] == 'epoch_11.pth'
    assert found(run, template='at_{}_of_20.pth')[0] == 'at_12_of_20.pth'
    save(run, 'weights_13.pth', 13, 130)
    save(run, 'weights_14.pth', 14, 140)
    record(run, run / 'weights_13.pth')
    assert found(run)[0] == 'weights_14.pth'
    # Or any name, if it is recorded.
    save(run, 'good.pth', 15, 150)
    record(run, run / 'good.pth')
    assert found(run)[0] == 'good.pth'


def test_files_of_another_run(run):
    """Such as the weights from which this one began."""
    save(run, 'epoch_12.pth', 12, 120, run='other')
    assert found(run) == ('epoch_11.pth', ())
    record(run, run / 'epoch_12.pth')
    assert found(run) == ('epoch_12.pth', ())
    (run / 'last_checkpoint').unlink()
    assert found(run) == ('epoch_12.pth', ())


def test_other_folders(run, tmp_path):
    work_dir = tmp_path / 'work/run'
    work_dir.mkdir(parents=True)
    # That of before the folder was moved.
    moved = shutil.copytree(
        run, work_dir / 'moved', ignore=shutil.ignore_patterns('work')
    )
    save(run, 'epoch_12.pth', 12, 120)
    assert found(moved)[0] == 'epoch_11.pth'
    # That of CheckpointHook, recorded or in the config.
    save(tmp_path / 'out/run', 'epoch_3.pth', 3, 30)
    assert found(work_dir) == (None, ())
    out = '../../out/run/epoch_3.pth'
    assert found(work_dir, out_dir=str(tmp_path / 'out')) == (out, ())
    hook = dict(type='CheckpointHook', out_dir=str(tmp_path / 'out'))
    cfg = Config(
        dict(work_dir=str(work_dir), default_hooks=dict(checkpoint=hook))
    )
    assert find_for(cfg).file == str(tmp_path / 'out/run/epoch_3.pth')
    save(tmp_path / 'out/run', 'epoch_4.pth', 4, 40)
    record(work_dir, tmp_path / 'out/run/epoch_3.pth')
    assert found(work_dir) == ('../../out/run/epoch_4.pth', ())


def test_address(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('s3://bucket/run/epoch_3.pth')
    assert latest_checkpoint(tmp_path) == 's3://bucket/run/epoch_3.pth'
    save(tmp_path, 'epoch_1.pth', 1, 10)
    assert found(tmp_path)[0] == 'epoch_1.pth'


def test_file_that_could_run_code(run, tmp_path):
    """It is not passed over in silence, and nothing runs."""
    marker = tmp_path / 'code_ran'
    add_code(run / 'epoch_9.pth', marker, run / 'epoch_9.pth')
    assert found(run) == ('epoch_11.pth', ())
    add_code(run / 'epoch_11.pth', marker, run / 'epoch_11.pth')
    assert found(run) == ('epoch_11.pth', ())
    with pytest.raises(UntrustedCheckpointError):
        check_config(config(run, resume=True))
    assert not marker.exists()
