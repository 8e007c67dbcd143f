import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from mmengine.runner import set_random_seed


@contextmanager
def seeded(seed: int, devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """Seed the random number generators for a block, then restore them.

    Args:
        seed: Seed of Python, NumPy and PyTorch.
        devices: Accelerators whose state is restored, in addition to that of
            the CPU.
    """
    before = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices):
        set_random_seed(seed)
        try:
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])
