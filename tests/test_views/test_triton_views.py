import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hirl_mm.views.blocks import blocks_of
from hirl_mm.views.transfer import packed, transferred, unpacked
from tests.interpreted import passed_when_interpreted
from tests.runs import ROOT


@pytest.mark.slow
def test_interpreted():
    path = Path(__file__).with_name('interpreted_views.py')
    assert passed_when_interpreted(path) >= 14


@pytest.mark.slow
def test_views_import_without_triton():
    script = "import sys\nsys.modules['triton'] = None\nimport hirl_mm.views\n"
    subprocess.run([sys.executable, '-c', script], cwd=ROOT, check=True)


def test_blocks_cover_every_view_once():
    lengths = torch.tensor([5, 1, 8, 9])
    blocks = blocks_of(torch.tensor([0, 2, 3, 7]), lengths, 4)
    assert blocks.tolist() == [
        *([0, 0], [0, 4], [2, 0]),
        *([3, 0], [3, 4], [7, 0], [7, 4], [7, 8]),
    ]


def test_one_buffer_holds_tensors_of_all_types():
    tensors = [
        torch.arange(6).reshape(2, 3).T,
        torch.tensor([1.5, -2.5]),
        torch.zeros(0, 2, dtype=torch.int32),
        torch.tensor([True, False, True]),
        torch.tensor([0.1], dtype=torch.float64),
    ]
    buffer, places = packed(tensors, pinned=False)
    assert buffer.dtype == torch.uint8
    assert all(place % 16 == 0 for place in places)
    there = unpacked(buffer, tensors, places)
    for one, other in zip(tensors, there, strict=True):
        assert one.dtype == other.dtype and torch.equal(one, other)
    here = transferred(tensors, torch.device('cpu'))
    assert all(x.is_contiguous() for x in here)
