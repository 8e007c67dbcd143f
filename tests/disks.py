"""Disks that are small, full or read-only, where mounting is allowed."""

import subprocess
from contextlib import contextmanager

import pytest


@contextmanager
def small_disk(folder, size):
    """Mount a disk of some bytes at a folder.

    Args:
        folder: Path of the folder, which is made.
        size: As of mount, such as ``'32k'``.
    """
    folder.mkdir()
    _mount('-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', folder)
    try:
        yield folder
    finally:
        subprocess.run(['umount', '--lazy', folder], check=True)


@contextmanager
def read_only(folder):
    """Make a folder read-only; files that are open stay as they are."""
    _mount('--bind', folder, folder)
    try:
        _mount('-o', 'remount,bind,ro', folder)
        yield
    finally:
        subprocess.run(['umount', '--lazy', folder], check=True)


def fill(folder, left=0):
    """Fill the disk of a folder, but for some bytes.

    Returns:
        The file that fills it, to be deleted.
    """
    file = folder / 'fill'
    with file.open('wb', buffering=0) as out:
        try:
            while out.write(bytes(4096)):
                pass
        except OSError:
            out.truncate(max(0, out.tell() - left))
    return file


def grow(folder, size):
    """Give a small disk another size."""
    _mount('-o', f'remount,size={size}', folder)


def _mount(*words):
    command = ['mount', *map(str, words)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip('needs the right to mount')
