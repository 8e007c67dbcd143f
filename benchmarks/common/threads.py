"""One number of threads for every library that a benchmark calls."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from benchmarks.common.packages import optional


@contextmanager
def threads(num: int) -> Iterator[None]:
    """Let PyTorch, faiss, BLAS and OpenMP use ``num`` threads in the block.

    PyTorch has its old number back afterwards.
    """
    before, control = torch.get_num_threads(), optional('threadpoolctl')
    faiss = optional('faiss')
    torch.set_num_threads(num)
    if faiss is not None:
        faiss.omp_set_num_threads(num)
    try:
        if control is None:
            yield
        else:
            with control.threadpool_limits(num):
                yield
    finally:
        torch.set_num_threads(before)
