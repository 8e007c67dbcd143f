"""Looking at an image starts no other program."""

import pytest
from PIL import EpsImagePlugin, Image

from hirl_mm.datasets.read_image import read_image

POSTSCRIPT = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 4 4
%%EndComments
showpage
"""


@pytest.fixture
def marker(tmp_path, monkeypatch):
    """A file that Ghostscript would write."""
    marker = tmp_path / 'started'
    program = tmp_path / 'bin/gs'
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ntouch {marker}\n')
    program.chmod(0o755)
    monkeypatch.setenv('PATH', str(program.parent), prepend=':')
    monkeypatch.setattr(EpsImagePlugin, 'gs_binary', None)
    return marker


def test_postscript_with_the_name_of_an_image(marker, tmp_path):
    file = tmp_path / 'photo.jpg'
    file.write_bytes(POSTSCRIPT)
    with pytest.raises(ValueError, match='cannot read the image .*photo.jpg'):
        read_image(file)
    assert not marker.exists()
    # It is what Pillow takes for a program.
    with pytest.raises(OSError), Image.open(file) as image:
        image.load()
    assert marker.exists()


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'WEBP', 'TIFF', 'GIF', 'BMP'])
def test_images(kind, tmp_path):
    Image.new('RGB', (5, 3), 'red').save(tmp_path / 'image', kind)
    assert read_image(tmp_path / 'image').size == (5, 3)
