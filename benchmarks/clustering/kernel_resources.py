"""Resources of a GPU that the assignment kernels use, found without a GPU.

Compiles the kernels for sm_80, sm_86 and sm_90 with the tiles that the package
chooses and lists registers, spills, shared memory and the kind of
instruction that computes the products. ``bounds`` and ``candidates`` are the
two passes of labels of float32.
"""

from dataclasses import asdict
from itertools import product

from triton.compiler import CompiledKernel

from benchmarks.clustering.compiled_kernels import (
    SHARED_BYTES,
    compiled,
    usage,
)
from benchmarks.common.machine import describe
from benchmarks.common.options import new_parser, parse, report
from benchmarks.common.tables import aligned_table
from hirl_mm.clustering.triton_exact import search_stages
from hirl_mm.clustering.triton_exact_kernels import (
    bounds_kernel,
    candidates_kernel,
)
from hirl_mm.clustering.triton_kernels import nearest_kernel
from hirl_mm.clustering.triton_tiling import DOT_PRECISION, Tiling, tiling

BOUNDS, CANDIDATES = 'bounds', 'candidates'
KERNELS = *DOT_PRECISION, BOUNDS, CANDIDATES
DIMS = (17, 64, 128, 256, 512, 2048)
_HEAD = (
    'sm',
    'product',
    'D',
    'tile M x N x D',
    'stages',
    'splits',
    'registers',
    'spilled',
    'shared KiB',
    'programs/SM',
    'by',
    'epilogue/score',
)


def resources(dim: int, name: str, capability: int) -> dict:
    """Compile for rows of ``dim`` coordinates; return the resources used.

    Args:
        dim: Number of coordinates D.
        name: Kernel, of ``KERNELS``; a precision means ``nearest_kernel``.
        capability: Compute capability times 10, such as 90.
    """
    if name == CANDIDATES:
        tiles, kernel = _candidates(dim, capability)
    else:
        precision = 'bf16' if name == BOUNDS else name
        tiles = tiling(dim, precision, capability, SHARED_BYTES[capability])
        kernel = _over_all(tiles, name, capability)
    return dict(
        capability=capability,
        precision=name,
        dim=dim,
        tiles=asdict(tiles),
        scores_per_thread=tiles.block_m
        * tiles.block_n
        // (32 * tiles.num_warps),
        **usage(kernel, tiles.num_warps, capability),
    )


def _over_all(tiles: Tiling, name: str, capability: int) -> CompiledKernel:
    """Compile a kernel that multiplies rows and all centroids."""
    constants = dict(
        DEPTH=tiles.depth,
        SPLITS=tiles.splits,
        BLOCK_M=tiles.block_m,
        BLOCK_N=tiles.block_n,
        BLOCK_D=tiles.block_d,
    )
    options = dict(num_warps=tiles.num_warps, num_stages=tiles.num_stages)
    floats = ('bias', 'best', 'facts', 'group', 'lower', 'upper')
    types = {f'{argument}_ptr': '*fp32' for argument in floats}
    types |= dict(label_ptr='*i32', products='fp32', sums='fp32')
    operand = {BOUNDS: '*fp16', 'bf16': '*bf16'}.get(name, '*fp32')
    types |= dict(x_ptr=operand, c_ptr=operand)
    kernel = bounds_kernel
    if name != BOUNDS:
        kernel = nearest_kernel
        constants['PRECISION'] = DOT_PRECISION[name]
    return compiled(kernel, types, constants, capability, **options)


def _candidates(dim: int, capability: int) -> tuple[Tiling, CompiledKernel]:
    group = tiling(dim, 'bf16', capability, SHARED_BYTES[capability])
    columns = min(128, group.block_n)
    depth = -(-dim // 16) * 16
    stages = search_stages(depth)
    tiles = Tiling(depth, 64, columns, 16, group.splits, stages, num_warps=4)
    floats = ('x', 'mean', 'c', 'bias', 'lower', 'upper')
    types = {f'{argument}_ptr': '*fp32' for argument in floats}
    types |= dict(place_ptr='*i16', best_ptr='*i64', searched_ptr='*i64')
    constants = dict(
        column_stride=1,
        SPLITS=group.splits,
        WINDOW=8192,
        GROUP=group.block_n,
        DEPTH=depth,
        BLOCK_M=tiles.block_m,
        BLOCK_N=columns,
        BLOCK_D=tiles.block_d,
    )
    return tiles, compiled(
        candidates_kernel,
        types,
        constants,
        capability,
        unaligned=('num_rows', 'num_groups', 'dim', 'row_stride'),
        num_warps=tiles.num_warps,
        num_stages=tiles.num_stages,
    )


def table(rows: list[dict]) -> str:
    """Return a table with a line per result of :func:`resources`."""
    return aligned_table(_HEAD, [_cells(row) for row in rows], left=0)


def _cells(row: dict) -> tuple[str, ...]:
    tiles = row['tiles']
    cells = (
        row['capability'],
        row['precision'],
        row['dim'],
        f'{tiles["block_m"]} x {tiles["block_n"]} x {tiles["block_d"]}',
        tiles['num_stages'],
        tiles['splits'],
        row['registers'],
        row['spilled_bytes'],
        f'{row["shared_bytes"] / 1024:.0f}',
        row['programs_per_sm'],
        row['products'],
        f'{row["epilogue_instructions"] / row["scores_per_thread"]:.1f}',
    )
    return tuple(map(str, cells))


def main() -> None:
    parser = new_parser(__doc__)
    parser.add_argument(
        '--dims', type=int, nargs='+', default=list(DIMS), metavar='D'
    )
    args = parse(parser, dict(dims=[128]))
    machine = describe('cpu')
    rows = [
        resources(dim, name, capability)
        for capability, name, dim in product(SHARED_BYTES, KERNELS, args.dims)
    ]
    report(args, machine, dict(kernels=rows), table(rows))


if __name__ == '__main__':
    main()
