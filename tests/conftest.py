import os

# Several processes of a test share the cores; threads of their own would
# wait for each other. Set before torch is imported, and inherited.
os.environ.setdefault('OMP_NUM_THREADS', '1')

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope='session')
def digits(tmp_path_factory):
    """Folder of the digits, 1500 training and 297 other images."""
    from hirl_mm.datasets.toy import write_digits

    return write_digits(tmp_path_factory.mktemp('data') / 'digits')
