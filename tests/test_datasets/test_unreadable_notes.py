import numpy as np
import pytest
from mmengine.dataset import ConcatDataset
from PIL import Image
from torch.utils.data import DataLoader

from hirl_mm.datasets.folder_images import FolderImages
from hirl_mm.datasets.unreadable_notes import noted_unreadable


def part(root, ignore):
    for i in range(3):
        root.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(root / f'{i}.png')
    return FolderImages(
        data_root=str(root),
        with_label=False,
        pipeline=[
            dict(type='hirl_mm.LoadImage', ignore_empty=ignore),
            dict(type='mmpretrain.PackInputs'),
        ],
    )


@pytest.mark.parametrize('workers', [0, 2])
def test_images_of_all_parts_are_noted(workers, tmp_path):
    """Deleted, empty and broken ones; also where a worker reads them."""
    parts = [part(tmp_path / name, True) for name in 'abc']
    whole = ConcatDataset(parts)
    unreadable = noted_unreadable(whole)
    (tmp_path / 'a/1.png').unlink()
    (tmp_path / 'b/0.png').write_bytes(b'')
    (tmp_path / 'c/2.png').write_bytes(b'no image')
    assert unreadable.tolist() == [0] * 9
    loader = DataLoader(whole, num_workers=workers, collate_fn=list)
    assert sum(map(len, loader)) == 9
    assert unreadable.tolist() == [0, 1, 0, 1, 0, 0, 0, 0, 1]


def test_nothing_is_noted_where_nothing_is_replaced(tmp_path):
    assert noted_unreadable(part(tmp_path, False)) is None
