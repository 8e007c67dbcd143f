"""Resources of a GPU that the kernels of the SPD loss use.

Compiles both kernels for sm_80 and sm_90, with the sizes that the package
chooses for 32 samples and 1000 negatives on 132 multiprocessors, and lists
registers, spills and shared memory. No GPU is needed.
"""

from collections.abc import Sequence
from itertools import product

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, CompiledKernel

from benchmarks.common.cubin import registers_and_spills
from benchmarks.common.machine import describe
from benchmarks.common.options import new_parser, parse, report
from benchmarks.common.tables import aligned_table
from hirl_mm.losses.semantic_path.fused_kernels import (
    loss_kernel,
    repulsion_kernel,
)
from hirl_mm.losses.semantic_path.fused_tiling import FusedTiling, fused_tiling

KERNELS = dict(repulsion=repulsion_kernel, loss=loss_kernel)
CAPABILITIES = 80, 90
# Dimension and number of levels.
SIZES = (
    *((128, 3), (256, 3), (2048, 3)),
    *((256, 1), (200, 8), (2048, 6), (4096, 3)),
)
_HEAD = (
    'sm',
    'kernel',
    'D',
    'levels',
    'paths x columns',
    'warps',
    'registers',
    'spilled',
    'shared bytes',
    'warps/SM',
)
_LONG = 'paths_ptr', 'leaf_ptr', 'negatives_ptr'


def compiled(
    name: str,
    tiles: FusedTiling,
    num_levels: int,
    capability: int,
    floored: bool = True,
    ones: Sequence[str] = (),
) -> CompiledKernel:
    """Compile a kernel for a GPU that need not be there.

    Args:
        name: Name of the kernel, of ``KERNELS``.
        tiles: Sizes of its programs.
        num_levels: Number of levels L.
        capability: Compute capability, such as 90.
        floored: Whether the loss is that of reduction ``'paper'``.
        ones: Names of sizes that are 1, of which Triton makes constants.
    """
    kernel = KERNELS[name]
    constants = dict.fromkeys(ones, 1) | dict(
        FLOORED=floored,
        LEVELS=num_levels,
        BLOCK_M=tiles.block_m,
        BLOCK_S=tiles.block_s,
        BLOCK_D=tiles.block_d,
    )
    aligned = [['tt.divisibility', 16]]
    signature, constexprs, attributes = {}, {}, {}
    for index, argument in enumerate(kernel.arg_names):
        signature[argument] = 'i32'
        if argument in constants:
            signature[argument] = 'constexpr'
            constexprs[argument] = constants[argument]
        elif argument == 'centroids':
            signature[argument] = ('*fp32',) * num_levels
            for level in range(num_levels):
                attributes[index, level] = aligned
        elif argument[-4:] == '_ptr':
            signature[argument] = '*i64' if argument in _LONG else '*fp32'
            attributes[index,] = aligned
        elif argument == 'dim' and not tiles.block_d % 16:
            attributes[index,] = aligned
    return triton.compile(
        ASTSource(
            fn=kernel,
            signature=signature,
            constexprs=constexprs,
            attrs=attributes,
        ),
        target=GPUTarget('cuda', capability, 32),
        options=dict(num_warps=_warps(name, tiles)),
    )


def resources(name: str, dim: int, num_levels: int, capability: int) -> dict:
    """Compile a kernel for D dimensions; return the resources it uses."""
    tiles = fused_tiling(32, 1000, num_levels, dim, 132)
    kernel = compiled(name, tiles, num_levels, capability)
    registers, spilled, accesses = registers_and_spills(kernel)
    num_warps = _warps(name, tiles)
    by_registers = 2**16 // (-(-registers // 8) * 8 * 32 * num_warps)
    return dict(
        capability=capability,
        kernel=name,
        dim=dim,
        num_levels=num_levels,
        block_m=tiles.block_m if name == 'repulsion' else tiles.block_s,
        block_d=tiles.block_d,
        num_warps=num_warps,
        registers=registers,
        spilled_bytes=spilled,
        local_accesses=accesses,
        shared_bytes=kernel.metadata.shared,
        # At most 32 programs of one warp.
        warps_per_sm=min(32, by_registers) * num_warps,
    )


def _warps(name: str, tiles: FusedTiling) -> int:
    return tiles.num_warps if name == 'repulsion' else tiles.loss_warps


def table(rows: list[dict]) -> str:
    """Return a table with a line per result of :func:`resources`."""
    return aligned_table(_HEAD, [_cells(row) for row in rows], left=2)


def _cells(row: dict) -> tuple[str, ...]:
    sizes = f'{row["block_m"]} x {row["block_d"]}'
    keys = 'num_warps', 'registers', 'spilled_bytes', 'shared_bytes'
    cells = [row[k] for k in ('capability', 'kernel', 'dim', 'num_levels')]
    cells += [sizes, *(row[key] for key in keys), row['warps_per_sm']]
    return tuple(map(str, cells))


def main() -> None:
    args = parse(new_parser(__doc__), {})
    machine = describe('cpu')
    sizes = SIZES[:1] if args.quick else SIZES
    rows = [
        resources(name, dim, num_levels, capability)
        for capability, name, (dim, num_levels) in product(
            CAPABILITIES, KERNELS, sizes
        )
    ]
    report(args, machine, dict(kernels=rows), table(rows))


if __name__ == '__main__':
    main()
