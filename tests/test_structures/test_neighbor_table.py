import pytest
import torch

from hirl_mm.structures import NeighborTable

TABLE = torch.tensor([[1, 2], [2, 0], [1, 0], [3, 3]])


def test_size():
    table = NeighborTable(TABLE)
    assert (table.num_images, table.k) == (4, 2)


def test_file_keeps_numbers_and_identity(tmp_path):
    NeighborTable(TABLE, 'images', 'run').save(tmp_path / 'neighbors.pth')
    loaded = NeighborTable.load(tmp_path / 'neighbors.pth')
    assert torch.equal(loaded.neighbors, TABLE)
    assert loaded.neighbors.dtype == torch.long
    assert (loaded.data, loaded.run) == ('images', 'run')


def test_file_without_the_name_of_its_run(tmp_path):
    """As versions before wrote them."""
    state = NeighborTable(TABLE, 'images', 'run').state_dict()
    del state['run']
    torch.save(state, tmp_path / 'old.pth')
    loaded = NeighborTable.load(tmp_path / 'old.pth')
    assert (loaded.data, loaded.run) == ('images', '')


@pytest.mark.parametrize(
    ('table', 'text'),
    [
        (TABLE[0], r'shape \(2,\)'),
        (TABLE.float(), 'float32'),
        (TABLE[:0], r'shape \(0, 2\)'),
        (TABLE[:3] + 1, '0 to 2, got 1 to 3'),
        (TABLE - 1, '0 to 3, got -1 to 2'),
    ],
)
def test_what_is_no_table(table, text):
    with pytest.raises(ValueError, match=text):
        NeighborTable(table)


@pytest.mark.parametrize('content', [dict(neighbors=TABLE), TABLE])
def test_another_file(content, tmp_path):
    torch.save(content, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match='not a file of nearest neighbours'):
        NeighborTable.load(tmp_path / 'other.pth')
