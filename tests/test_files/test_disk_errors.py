"""Writing to a disk that is full or broken: one sentence, nothing is left."""

import re
import resource
import signal
from contextlib import ExitStack

import pytest
import torch

from hirl_mm.checkpoints.atomic_backend import AtomicLocalBackend
from hirl_mm.checkpoints.safetensors_files import write_safetensors
from hirl_mm.files import FullDiskError, replacing, replacing_folder
from tests.disks import fill, read_only, small_disk

SIZE = 200_000


@pytest.fixture
def disk(tmp_path):
    """A disk of 320 KiB, of which 120 are free."""
    with small_disk(tmp_path / 'disk', '320k') as folder:
        (folder / 'there').write_bytes(bytes(SIZE))
        yield folder


def text(file):
    with replacing(file) as temporary:
        temporary.write_text('x' * SIZE)


def tensors(file):
    with replacing(file) as temporary:
        torch.save(torch.zeros(SIZE // 4), temporary)


def safetensors(file):
    write_safetensors(dict(x=torch.zeros(SIZE // 4)), file)


def folder(path):
    with replacing_folder(path, 'index.html') as temporary:
        (temporary / 'a').mkdir()
        (temporary / 'a/index.html').write_text('x' * SIZE)


def checkpoint(file):
    AtomicLocalBackend().put(bytes(SIZE), file)


WRITERS = text, tensors, safetensors, folder


@pytest.mark.parametrize('write', WRITERS)
@pytest.mark.parametrize('left', [0, 122_880])
def test_a_full_disk(write, left, disk):
    file = fill(disk, left)
    with pytest.raises(FullDiskError) as raised:
        write(disk / 'new.pth')
    assert str(raised.value) == (
        f'No space left on device for {disk}/new.pth: it needs more than the '
        f'{left / 1e6:.2f} MB that were free. Free some space, or choose a '
        'folder on another disk'
    )
    assert {*disk.iterdir()} == {file, disk / 'there'}


def test_the_size_of_a_checkpoint_is_known(disk):
    with pytest.raises(FullDiskError) as raised:
        checkpoint(disk / 'epoch_3.pth')
    assert 'it needs 0.20 MB, and 0.13 MB were free' in str(raised.value)
    assert [*disk.iterdir()] == [disk / 'there']


@pytest.mark.parametrize('write', WRITERS)
def test_a_read_only_disk(write, tmp_path):
    (tmp_path / 'run').mkdir()
    with read_only(tmp_path / 'run'), pytest.raises(OSError) as raised:
        write(tmp_path / 'run/new.pth')
    assert re.fullmatch(
        r"\[Errno 30\] Read-only file system: '\S*/run/new\.pth'",
        str(raised.value),
    )
    assert not [*(tmp_path / 'run').iterdir()]


def test_a_disk_that_gets_read_only_meanwhile(tmp_path):
    """What was written cannot be deleted then; the next start does it."""
    (tmp_path / 'run').mkdir()
    with (
        ExitStack() as stack,
        pytest.raises(OSError, match=r"file system: '\S*/run/new\.pth'"),
        replacing(tmp_path / 'run/new.pth') as temporary,
    ):
        temporary.write_text('x')
        stack.enter_context(read_only(tmp_path / 'run'))
    assert [file.name[0] for file in (tmp_path / 'run').iterdir()] == ['.']


def test_a_folder_that_is_gone_meanwhile(tmp_path):
    (tmp_path / 'run').mkdir()
    with (
        pytest.raises(
            FileNotFoundError, match=r"directory: '\S*/run/new\.pth'"
        ),
        replacing(tmp_path / 'run/new.pth') as temporary,
    ):
        (tmp_path / 'run').rmdir()
        torch.save(torch.zeros(3), temporary)
    assert not (tmp_path / 'run').exists()


def test_a_limit_of_files(tmp_path):
    """Such as of a quota: Python names no file in these errors."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE // 2, old[1]))
    try:
        with pytest.raises(OSError, match=r"File too large: '\S*/new'"):
            checkpoint(tmp_path / 'new')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not [*tmp_path.iterdir()]


def test_other_errors_stay(disk, tmp_path):
    """Also on a full disk, if there is space."""
    for place in (disk, tmp_path):
        with pytest.raises(PermissionError), replacing(place / 'new'):
            raise PermissionError
    with pytest.raises(KeyError), replacing(tmp_path / 'new'):
        raise KeyError
    with (
        pytest.raises(FileNotFoundError, match='other'),
        replacing(tmp_path / 'new'),
    ):
        (tmp_path / 'other').read_bytes()
