"""Writing to a disk that is full: one sentence, and nothing is left."""

import subprocess

import pytest
import torch

from hirl_mm.checkpoints.safetensors_files import write_safetensors
from hirl_mm.files import replacing, replacing_folder


@pytest.fixture(scope='module')
def disk(tmp_path_factory):
    """A disk of 32 KiB."""
    folder = tmp_path_factory.mktemp('disk')
    mount = 'mount', '-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', str(folder)
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip('needs the right to mount')
    yield folder
    subprocess.run(['umount', str(folder)], check=True)


def text(file):
    with replacing(file) as temporary:
        temporary.write_text('x' * 100_000)


def tensors(file):
    with replacing(file) as temporary:
        torch.save(torch.zeros(30_000), temporary)


def safetensors(file):
    write_safetensors(dict(x=torch.zeros(30_000)), file)


def folder(path):
    with replacing_folder(path, 'index.html') as temporary:
        (temporary / 'a').mkdir()
        (temporary / 'a/index.html').write_text('x' * 100_000)


@pytest.mark.parametrize('write', [text, tensors, safetensors, folder])
def test_a_full_disk(disk, write):
    with pytest.raises(OSError, match=r"No space left on device: '.*/new'"):
        write(disk / 'new')
    assert not [*disk.iterdir()]


def test_other_errors_stay(disk, tmp_path):
    """Also on a full disk, if there is space."""
    for folder in (disk, tmp_path):
        with pytest.raises(PermissionError), replacing(folder / 'new'):
            raise PermissionError
    with pytest.raises(KeyError), replacing(tmp_path / 'new'):
        raise KeyError
