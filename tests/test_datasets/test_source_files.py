"""A data set's folder and its archives are read alike."""

import pytest

from hirl_mm.datasets.converters.source_files import open_source
from tests.cifar_archives import write_archive
from tests.tiny_imagenet_files import write_zip

NAMES = ['batches', 'deep/er/image.png', 'meta']


@pytest.fixture(params=['folder', 'tar', 'zip'])
def source(request, tmp_path):
    """A data set beside others, one with a folder named as its marker."""
    root = tmp_path / 'download'
    for name in NAMES:
        path = root / 'set' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'content of {name}')
    (root / 'other/meta').mkdir(parents=True)
    (root / 'other/other.meta').write_text('?')
    (root / 'set-2').mkdir()
    (root / 'set-2/file').write_text('?')
    if request.param == 'tar':
        return write_archive(tmp_path / 'set.tar.gz', root)
    if request.param == 'zip':
        return write_zip(tmp_path / 'set.zip', root)
    return root


def test_files_of_the_data_set_alone(source, tmp_path):
    with open_source(source, 'meta') as files:
        assert files.names() == NAMES
        for name in NAMES:
            assert files.read(name) == f'content of {name}'.encode()
        files.place(NAMES[1], tmp_path / 'placed.png')
        with pytest.raises(FileNotFoundError, match='has no image.png: '):
            files.read('image.png')
    text = (tmp_path / 'placed.png').read_text()
    assert text == 'content of deep/er/image.png'


def test_data_set_that_is_not_there(source, tmp_path):
    for marker in 'content', 'ta':
        match = f'must have one file {marker}: give the file of the data set'
        with (
            pytest.raises(FileNotFoundError, match=match),
            open_source(source, marker),
        ):
            pass
