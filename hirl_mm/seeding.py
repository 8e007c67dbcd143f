"""Seeds for the random number generators of Python, NumPy and PyTorch."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch


def seed_cpu(*key: int) -> int:
    """Seed the generators of the CPU.

    Args:
        *key: Numbers from 0 on. Different keys give independent random
            numbers.

    Returns:
        The seed that PyTorch's generator got.
    """
    words = np.random.SeedSequence(key).generate_state(8)
    random.seed(words.tobytes())
    np.random.seed(words)
    seed = int(words[:2].view(np.uint64)[0] >> np.uint64(1))
    torch.default_generator.manual_seed(seed)
    return seed


def seed_all(*key: int) -> None:
    """Seed the generators of the CPU and of all accelerators.

    Args:
        *key: Numbers from 0 on, see :func:`seed_cpu`.
    """
    torch.manual_seed(seed_cpu(*key))


@contextmanager
def kept_cpu_states() -> Iterator[None]:
    """Restore the generators of the CPU after a block."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


@contextmanager
def seeded(seed: int, devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """Seed all generators for a block, then restore them.

    Args:
        seed: Seed of Python, NumPy and PyTorch.
        devices: Accelerators whose state is restored, in addition to that of
            the CPU.
    """
    with kept_cpu_states(), torch.random.fork_rng(devices):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        yield
