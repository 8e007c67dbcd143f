import re

import pytest

from hirl_mm.datasets.taxonomy import hierarchy_beside


@pytest.fixture
def images(tmp_path):
    names = 'train/cat/1.png', 'train/cat/2.png', 'train/dog/1.png'
    return [str(tmp_path / name) for name in names]


@pytest.mark.parametrize('place', ['.', 'train'])
def test_found_in_the_folder_of_all_images_or_above(images, tmp_path, place):
    file = tmp_path / place / 'hierarchy.json'
    file.parent.mkdir(exist_ok=True)
    file.touch()
    assert hierarchy_beside(images) == tmp_path / place / 'hierarchy.json'


def test_other_places_do_not_count(images, tmp_path):
    (tmp_path / 'train' / 'cat').mkdir(parents=True)
    (tmp_path / 'train' / 'cat' / 'hierarchy.json').touch()
    expected = f'there is no hierarchy.json in {tmp_path / "train"} or in'
    with pytest.raises(FileNotFoundError, match=re.escape(expected)):
        hierarchy_beside(images)


def test_arrays_have_no_folder():
    with pytest.raises(FileNotFoundError, match='the images are no files'):
        hierarchy_beside(lambda idx: None)
