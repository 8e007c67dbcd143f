"""What a killed process leaves behind, and what is nobody's business."""

import os

import pytest

from hirl_mm.files import remove_leftovers, replacing, temporary_names
from hirl_mm.files.temporary_names import temporary_name, writer_of
from tests.killed import die, killed


def write_half(path):
    with replacing(path) as temporary:
        temporary.write_text('half')
        die()


@pytest.fixture
def dead(tmp_path):
    """A file that a process was writing when it was killed."""
    killed(write_half, tmp_path / 'epoch_3.pth')
    (file,) = tmp_path.iterdir()
    return file


def test_of_a_dead_process(dead, tmp_path):
    assert dead.name.startswith('.epoch_3-') and dead.suffix == '.pth'
    assert remove_leftovers(tmp_path) == [dead]
    assert not list(tmp_path.iterdir())


def test_of_a_living_process(tmp_path):
    with replacing(tmp_path / 'epoch_3.pth') as temporary:
        temporary.write_text('half')
        os.utime(temporary, (0, 0))
        assert remove_leftovers(tmp_path) == []
        assert temporary.is_file()


@pytest.mark.parametrize(('minutes', 'removed'), [(59, False), (61, True)])
def test_of_another_machine(minutes, removed, dead, tmp_path, monkeypatch):
    """Its processes cannot be seen: not even a living one counts."""
    monkeypatch.setattr(temporary_names.platform, 'node', lambda: 'elsewhere')
    other = temporary_name(tmp_path / 'epoch_4.pth')
    dead.rename(other)
    monkeypatch.undo()
    assert writer_of(other.name) == (False, os.getpid())
    changed = os.stat(tmp_path).st_mtime - 60 * minutes
    os.utime(other, (changed, changed))
    assert remove_leftovers(tmp_path) == ([other] if removed else [])
    assert other.exists() != removed


def test_everything_else_stays(dead, tmp_path):
    names = [
        *('.hidden.pth', '.epoch_3-1234.pth', dead.name[1:]),
        *(f'{dead.name}.gz.bak', 'epoch_1.pth', '.epoch-1-2-3.pth'),
    ]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / dead.name.replace('epoch_3', 'folder')).mkdir()
    remove_leftovers(tmp_path)
    assert all((tmp_path / name).exists() for name in names)
    assert len(list(tmp_path.iterdir())) == len(names) + 1
    assert remove_leftovers(tmp_path / 'missing') == []
