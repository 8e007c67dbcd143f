import errno
import os
import stat

import pytest
from mmengine.fileio import get_file_backend

from hirl_mm.checkpoints import atomic_backend
from hirl_mm.files import replacing
from tests.runs import run, small_config


def test_interrupted_checkpoint_leaves_the_old_one(
    digits, tmp_path, monkeypatch
):
    """The run dies while it overwrites a checkpoint of an earlier run."""
    cfg = small_config(digits, tmp_path, hirl=False, epochs=1)
    run(cfg)
    before = (tmp_path / 'epoch_1.pth').read_bytes()

    def die(source, target):
        raise KeyboardInterrupt

    cfg = small_config(digits, tmp_path, hirl=False, epochs=1)
    del cfg.default_hooks.work_folder  # It would refuse the folder.
    cfg.randomness.seed = 1
    monkeypatch.setattr(os, 'replace', die)
    with pytest.raises(KeyboardInterrupt):
        run(cfg)
    assert (tmp_path / 'epoch_1.pth').read_bytes() == before
    assert [f.name for f in tmp_path.glob('*.pth')] == ['epoch_1.pth']
    assert not list(tmp_path.glob('.*epoch*'))


def test_backend_is_known_by_name(tmp_path):
    backend = get_file_backend(
        str(tmp_path), backend_args=dict(backend='hirl_mm.atomic')
    )
    assert type(backend) is atomic_backend.AtomicLocalBackend
    backend.put(b'content', tmp_path / 'folder/file')
    backend.put_text('text', tmp_path / 'folder/text')
    assert (tmp_path / 'folder/file').read_bytes() == b'content'
    assert (tmp_path / 'folder/text').read_text() == 'text'


def test_failed_writer_leaves_no_trace(tmp_path):
    (tmp_path / 'report.json').write_text('old')
    with (
        pytest.raises(ZeroDivisionError),
        replacing(tmp_path / 'report.json') as temporary,
    ):
        temporary.write_text('half')
        raise ZeroDivisionError
    assert [f.name for f in tmp_path.iterdir()] == ['report.json']
    assert (tmp_path / 'report.json').read_text() == 'old'


def test_file_and_folder_are_flushed_before_and_after(tmp_path, monkeypatch):
    """Bytes before the name, then the name: a power cut loses neither."""
    flushed = []

    def fsync(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        flushed.append((is_folder, (tmp_path / 'file').exists()))

    monkeypatch.setattr(os, 'fsync', fsync)
    with replacing(tmp_path / 'file') as temporary:
        temporary.write_text('content')
    assert flushed == [(False, False), (True, True)]


@pytest.mark.parametrize('kind', [errno.EINVAL, errno.EIO])
def test_file_systems_that_flush_no_folders(kind, tmp_path, monkeypatch):
    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(kind, os.strerror(kind))

    monkeypatch.setattr(os, 'fsync', fsync)
    try:
        with replacing(tmp_path / 'file') as temporary:
            temporary.write_text('content')
    except OSError as error:
        assert error.errno == errno.EIO == kind
    else:
        assert kind == errno.EINVAL
