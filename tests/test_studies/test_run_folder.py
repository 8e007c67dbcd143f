"""The reader of work folders, on files as MMEngine writes them."""

import json
import os

import pytest
import torch

from hirl_mm.studies import RunFolder
from tests.runs import run, small_config


def write_log(folder, start, lines, end=''):
    log = folder / start / 'vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(''.join(json.dumps(line) + '\n' for line in lines) + end)


def write_checkpoint(file):
    file.parent.mkdir(exist_ok=True)
    torch.save(dict(meta=dict(epoch=3, iter=9)), file)


def test_real_run(digits, tmp_path):
    cfg = small_config(digits, tmp_path, hirl=False, epochs=2)
    run(cfg)
    folder = RunFolder(tmp_path)
    assert folder.last_checkpoint() == tmp_path / 'epoch_2.pth'
    (log,) = folder.logs()
    losses = [line['loss'] for line in log if 'loss' in line]
    assert list(folder.values('loss').values()) == losses
    assert folder.last_value('loss') == losses[-1]
    assert folder.has_checkpoint()


def test_folder_that_was_moved(tmp_path):
    old, new = tmp_path / 'old', tmp_path / 'new'
    write_checkpoint(old / 'epoch_3.pth')
    (old / 'last_checkpoint').write_text(f'{old}/epoch_3.pth')
    old.rename(new)
    assert RunFolder(new).last_checkpoint() == new / 'epoch_3.pth'
    (new / 'epoch_3.pth').unlink()
    with pytest.raises(FileNotFoundError, match='or they were deleted'):
        RunFolder(new).last_checkpoint()
    assert not RunFolder(new).has_checkpoint()


def test_broken_checkpoints(tmp_path):
    """The one before is taken; without one, the run is not a new one."""
    for name in 'epoch_3.pth', 'epoch_4.pth':
        write_checkpoint(tmp_path / name)
    (tmp_path / 'epoch_4.pth').write_text('')
    folder = RunFolder(tmp_path)
    assert folder.last_checkpoint() == tmp_path / 'epoch_3.pth'
    (tmp_path / 'epoch_3.pth').unlink()
    assert folder.has_checkpoint()
    with pytest.raises(OSError, match=r'epoch_4.pth cannot be read'):
        folder.last_checkpoint()


def test_checkpoints_beside_the_folder(tmp_path):
    weights = tmp_path / 'weights/epoch_3.pth'
    write_checkpoint(weights)
    (tmp_path / 'last_checkpoint').write_text(str(weights))
    assert RunFolder(tmp_path).last_checkpoint() == weights


def test_empty_folder(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.logs() == [] and not folder.has_checkpoint()
    with pytest.raises(FileNotFoundError, match='holds no run'):
        folder.config_file()
    with pytest.raises(FileNotFoundError, match='holds no checkpoint'):
        folder.last_checkpoint()
    with pytest.raises(ValueError, match='no value of acc: the run was'):
        folder.values('acc')


def test_resumed_steps_count_as_they_were_last(tmp_path):
    write_log(
        *(tmp_path, '20260102_000000'),
        [dict(acc=3.5, step=3), dict(acc=4.0, step=4), dict(loss=1.0, step=9)],
    )
    write_log(
        *(tmp_path, '20260101_000000'),
        [dict(acc=1.0, step=1), dict(acc=9.0, step=4)],
        end='{"acc": 7.0, "st',
    )
    folder = RunFolder(tmp_path)
    assert list(folder.values('acc').items()) == [(1, 1), (3, 3.5), (4, 4)]
    assert folder.last_value('acc') == 4.0
    assert folder.last_value('loss') == 1.0


def test_broken_line(tmp_path):
    write_log(tmp_path, '20260101_000000', [dict(acc=1.0, step=1)], 'acc\n')
    with pytest.raises(ValueError, match=r'line 2 of .*json is broken'):
        RunFolder(tmp_path).logs()


def test_the_config_of_the_last_start(tmp_path):
    for name, seconds in dict(b=1, a=2).items():
        (tmp_path / f'{name}.py').write_text('')
        os.utime(tmp_path / f'{name}.py', (seconds, seconds))
    assert RunFolder(tmp_path).config_file() == tmp_path / 'a.py'
