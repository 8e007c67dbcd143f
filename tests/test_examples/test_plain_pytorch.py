import re

import pytest

from tests.alone import REPOSITORY, run_alone

EXAMPLE = REPOSITORY / 'examples/plain_pytorch.py'
RUN = f"""
import runpy
import torch

torch.set_num_threads(1)
runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')
print(*sorted(name.split('.')[0] for name in sys.modules))
"""


@pytest.mark.slow
def test_it_trains_without_openmmlab():
    options = ['--images', '200', '--epochs', '3', '--batch-size', '50']
    output = run_alone(RUN, *options)
    lines = re.findall(
        r'^epoch (\d): loss ([\d.]+), purity of the tree ([\d. /]+) %$',
        output,
        re.M,
    )
    assert [int(epoch) for epoch, _, _ in lines] == [1, 2, 3]
    losses = [float(loss) for _, loss, _ in lines]
    assert losses[-1] < losses[0] - 0.3
    for _, _, purity in lines:
        assert len(purity.split(' / ')) == 3


def test_it_stays_short():
    assert len(EXAMPLE.read_text().splitlines()) <= 80
