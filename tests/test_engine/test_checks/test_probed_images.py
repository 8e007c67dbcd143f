"""Whether the images of a probe are those of the training."""

import pytest
from PIL import Image

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.shards.conversion import convert
from hirl_mm.engine.checks.probed_images import check_probes_trained_images


@pytest.fixture
def images(tmp_path):
    for name in 'cat/1.png', 'cat/2.png', 'dog/1.png':
        for root in 'ours', 'theirs':
            path = tmp_path / root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new('RGB', (8, 8)).save(path)
    (tmp_path / 'link').symlink_to(tmp_path / 'ours')
    return tmp_path


def of_folder(folder):
    return FolderImages(data_root=str(folder))


def test_a_link_leads_to_the_same_images(images):
    check_probes_trained_images(
        of_folder(images / 'ours'), of_folder(images / 'link'), 'knn_probe'
    )


def test_the_same_names_in_another_folder_are_other_images(images):
    with pytest.raises(ValueError, match=r'knn_probe measures images of .+'):
        check_probes_trained_images(
            of_folder(images / 'ours'),
            of_folder(images / 'theirs'),
            'knn_probe',
        )


def test_shards_are_compared_by_names(images):
    convert(images / 'theirs', images / 'shards', 2)
    shards = of_folder(images / 'shards')
    check_probes_trained_images(
        of_folder(images / 'ours'), shards, 'knn_probe'
    )
    (images / 'ours/cat').rename(images / 'ours/tiger')
    (images / 'ours/dog').rename(images / 'ours/wolf')
    with pytest.raises(ValueError, match='is trained on'):
        check_probes_trained_images(
            of_folder(images / 'ours'), shards, 'knn_probe'
        )
