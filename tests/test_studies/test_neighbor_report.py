import json

import pytest
import torch

from hirl_mm.features import nearest_neighbors
from hirl_mm.structures import NeighborTable
from hirl_mm.studies.neighbor_report import (
    neighbor_shares,
    neighbor_tables,
    write_neighbor_report,
)
from tests.digit_images import DIGITS, digit

ROWS = torch.from_numpy(DIGITS.data[:60]).float()


def table(noise=0.0, k=4, num=60, data='digits'):
    features = ROWS[:num] + noise * torch.randn(num, 64)
    return NeighborTable(nearest_neighbors(features, k), data)


def store(run, **tables):
    (run / 'neighbors').mkdir()
    for name, one in tables.items():
        one.save(run / 'neighbors' / f'{name}.pth')


def test_tables_by_epoch(tmp_path):
    first, last = table(3), table()
    epochs = {f'epoch_{epoch}': table(2) for epoch in (6, 30, 2, 100, 16, 3)}
    store(tmp_path, **epochs, epoch_1=first, epoch_11=last, other=last)
    found = neighbor_tables(tmp_path)
    assert list(found) == [1, 2, 3, 6, 11, 16, 30, 100]
    assert torch.equal(found[1].neighbors, first.neighbors)
    assert torch.equal(found[11].neighbors, last.neighbors)


def test_tables_of_other_images_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r'no table of neighbours'):
        neighbor_tables(tmp_path)
    store(tmp_path, epoch_1=table(), epoch_6=table(data='others'))
    with pytest.raises(ValueError, match='of different images'):
        neighbor_tables(tmp_path)


def test_shares_are_with_the_table_before():
    one, other = table(), table(50)
    found = neighbor_shares({1: one, 6: one, 11: other, 16: other}, None)
    assert found[1] == dict(kept=None, same_class=None)
    assert found[6] == dict(kept=1, same_class=None)
    assert found[11]['kept'] < 0.5
    assert found[16]['kept'] == 1
    found = neighbor_shares({1: one}, [3] * 60)
    assert found == {1: dict(kept=None, same_class=1)}


@pytest.mark.slow
def test_report(tmp_path):
    tables = {epoch: table(20 / epoch) for epoch in (1, 6, 11, 16)}
    labels = DIGITS.target[:60].tolist()
    said = write_neighbor_report(
        tmp_path / 'sheet.md',
        tables,
        [0, 59],
        images=digit,
        labels=labels,
        max_epochs=2,
        run='a run',
    )
    assert said in (tmp_path / 'sheet.md').read_text()
    assert (tmp_path / 'sheet.png').stat().st_size
    content = json.loads((tmp_path / 'sheet.json').read_text())
    assert content['facts']['run'] == 'a run'
    shares = neighbor_shares(tables, labels)
    assert content['shares'] == {str(e): s for e, s in shares.items()}
    assert (
        content['neighbors']['59']['16'] == tables[16].neighbors[59].tolist()
    )
    row = said.splitlines()[-1].split('|')
    assert float(row[2]) == pytest.approx(100 * shares[16]['kept'], abs=0.1)
    with pytest.raises(ValueError, match=r'from 0 to 59, got \[60, -1\]'):
        write_neighbor_report(
            tmp_path / 'other.md', tables, [60, 3, -1], images=digit
        )
    assert not (tmp_path / 'other.md').exists()
