"""Implementations that assign rows to centroids, at equal precision."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from hirl_mm.clustering.assignment import assign_torch
from hirl_mm.clustering.triton_assignment import (
    Search,
    assign_triton,
    has_triton,
)
from hirl_mm.clustering.triton_exact import assign_exact

# Size of the scores of one chunk of rows.
_CHUNK_BYTES = 2**30
# fastkmeans' own default.
_FASTKMEANS_ROWS = 51_200

# If one of these fails, the benchmark fails; a peer is reported as missing.
OURS = ('gemm', 'torch', 'triton', 'kernel', 'exact')

Task = Callable[[], Tensor | None]


class Missing(Exception):
    """An implementation cannot take part; the message says why."""


def tasks(
    features: Tensor, centroids: Tensor, precision: str
) -> tuple[dict[str, Task], dict[str, str]]:
    """Prepare the implementations that can run here.

    All but the matrix product return labels (n,). What an implementation
    needs once per clustering (a copy in its type, the norms of the rows) is
    made before.

    Args:
        features: (n, D) float32.
        centroids: (K, D) float32.
        precision: ``'fp32'``, ``'tf32'`` or ``'bf16'``.

    Returns:
        Functions without arguments by name, and by name why others are
        missing.
    """
    found, missing = {}, {}
    for name, prepare in PREPARE.items():
        try:
            task = prepare(features, centroids, precision)
            task()  # compiles; and a peer may not bear these sizes
            found[name] = task
        except Missing as reason:
            missing[name] = str(reason)
        except Exception as error:
            if name in OURS:
                raise
            text = str(error).strip() or 'no message'
            missing[name] = f'failed: {type(error).__name__}: {text[:200]}'
    return found, missing


def _gemm(features: Tensor, centroids: Tensor, precision: str) -> Task:
    """The matrix product alone, in chunks of rows into one buffer."""
    dtype = torch.bfloat16 if precision == 'bf16' else torch.float32
    x, c = features.to(dtype), centroids.to(dtype).T
    num_clusters = len(centroids)
    chunk = min(len(x), max(1, _CHUNK_BYTES // (4 * num_clusters)))
    buffer = x.new_empty(chunk, num_clusters)

    def run() -> None:
        with _product(precision):
            for rows in x.split(chunk):
                torch.mm(rows, c, out=buffer[: len(rows)])

    return run


def _torch(features: Tensor, centroids: Tensor, precision: str) -> Task:
    return lambda: assign_torch(features, centroids, precision=precision)[0]


def _triton(features: Tensor, centroids: Tensor, precision: str) -> Task:
    if not has_triton(features.device):
        raise Missing('no Triton, or no GPU that it serves')
    return lambda: assign_triton(features, centroids, precision)[0]


def _kernel(features: Tensor, centroids: Tensor, precision: str) -> Task:
    """Labels alone, of rows prepared before, as flash-kmeans takes them."""
    if not has_triton(features.device):
        raise Missing('no Triton, or no GPU that it serves')
    search = Search(centroids, precision)
    x = search.prepared(features)
    return lambda: search.nearest(x)[: len(features)]


def _exact(features: Tensor, centroids: Tensor, precision: str) -> Task:
    """Labels of float32, beside every precision."""
    if not has_triton(features.device):
        raise Missing('no Triton, or no GPU that it serves')
    return lambda: assign_exact(features, centroids)[0]


def _flash_kmeans(features: Tensor, centroids: Tensor, precision: str) -> Task:
    module = _imported('flash_kmeans.assign_euclid_triton', features)
    if precision == 'fp32':
        raise Missing('multiplies float32 in tf32')
    dtype = torch.bfloat16 if precision == 'bf16' else torch.float32
    x, c = features.to(dtype)[None], centroids.to(dtype)[None]
    norm = features.square().sum(1)[None]
    return lambda: module.euclid_assign_triton(x, c, norm)[0]


def _fastkmeans(features: Tensor, centroids: Tensor, precision: str) -> Task:
    module = _imported('fastkmeans.triton_kernels', features)
    if precision != 'bf16':
        raise Missing('multiplies in fp16')
    x, c = features.half(), centroids.half()
    norm, c_norm = x.square().sum(1), c.square().sum(1)
    labels = x.new_zeros(len(x), dtype=torch.long)

    def run() -> Tensor:
        for start in range(0, len(x), _FASTKMEANS_ROWS):
            rows = slice(start, start + _FASTKMEANS_ROWS)
            module.triton_kmeans(x[rows], norm[rows], c, c_norm, labels[rows])
        return labels

    return run


def _imported(name: str, features: Tensor):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise Missing(f'not installed ({error})') from error
    if features.device.type != 'cuda':
        raise Missing('needs a GPU')
    return module


PREPARE: dict[str, Callable[[Tensor, Tensor, str], Task]] = dict(
    gemm=_gemm,
    torch=_torch,
    triton=_triton,
    kernel=_kernel,
    exact=_exact,
    flash_kmeans=_flash_kmeans,
    fastkmeans=_fastkmeans,
)


@contextmanager
def _product(precision: str) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(
        'high' if precision == 'tf32' else 'highest'
    )
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
