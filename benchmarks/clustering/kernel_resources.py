"""Resources of a GPU that the assignment kernel uses, found without a GPU.

Compiles the kernel for sm_80, sm_86 and sm_90 with the tiles that the package
chooses and lists registers, spills, shared memory and the kind of
instruction that computes the products.
"""

import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import asdict
from itertools import product
from pathlib import Path

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, CompiledKernel

from benchmarks.common.machine import describe
from benchmarks.common.options import new_parser, parse, report
from benchmarks.common.tables import aligned_table
from hirl_mm.clustering.triton_kernels import nearest_kernel
from hirl_mm.clustering.triton_tiling import DOT_PRECISION, Tiling, tiling

# Shared memory that one program may have, in bytes.
SHARED_BYTES = {80: 163 * 2**10, 86: 99 * 2**10, 90: 227 * 2**10}
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
_BIN = Path(triton.__file__).parent / 'backends/nvidia/bin'
_EPILOGUE = ('FADD', 'FMNMX', 'FSETP', 'FSEL', 'SEL', 'VIMNMX', 'IMNMX')


def compiled(tiles: Tiling, precision: str, capability: int) -> CompiledKernel:
    """Compile the kernel for a GPU that need not be there.

    Args:
        tiles: Sizes of the tiles.
        precision: ``'fp32'``, ``'tf32'`` or ``'bf16'``.
        capability: Compute capability, such as 90.
    """
    constants = dict(
        DEPTH=tiles.depth,
        SPLITS=tiles.splits,
        PRECISION=DOT_PRECISION[precision],
        BLOCK_M=tiles.block_m,
        BLOCK_N=tiles.block_n,
        BLOCK_D=tiles.block_d,
    )
    pointer = '*bf16' if precision == 'bf16' else '*fp32'
    types = [pointer, pointer, '*fp32', '*fp32', '*i32', 'i32', 'i32', 'i32']
    types += ['constexpr'] * len(constants)
    source = ASTSource(
        fn=nearest_kernel,
        signature=dict(zip(nearest_kernel.arg_names, types, strict=True)),
        constexprs=constants,
        # As at a launch: whole tiles, so every size is a multiple of 16.
        attrs={(i,): [['tt.divisibility', 16]] for i in range(8)},
    )
    return triton.compile(
        source,
        target=GPUTarget('cuda', capability, 32),
        options=dict(num_warps=tiles.num_warps, num_stages=tiles.num_stages),
    )


def resources(dim: int, precision: str, capability: int) -> dict:
    """Compile for rows of ``dim`` coordinates; return the resources used."""
    tiles = tiling(dim, precision, capability, SHARED_BYTES[capability])
    kernel = compiled(tiles, precision, capability)
    with tempfile.NamedTemporaryFile(suffix='.cubin') as file:
        file.write(kernel.asm['cubin'])
        file.flush()
        usage = _output('cuobjdump', '-res-usage', file.name)
        sass = _output('nvdisasm', '-c', file.name)
    counts = Counter(
        re.findall(r'^\s+/\*\w+\*/\s+(?:@!?U?P\d+\s+)?(\w+)', sass, re.M)
    )
    products = max(('HGMMA', 'HMMA', 'FFMA'), key=counts.__getitem__)
    registers = int(re.search(r'REG:(\d+)', usage)[1])
    shared = kernel.metadata.shared
    return dict(
        capability=capability,
        precision=precision,
        dim=dim,
        tiles=asdict(tiles),
        registers=registers,
        spilled_bytes=int(re.search(r'STACK:(\d+)', usage)[1]),
        local_accesses=counts['LDL'] + counts['STL'],
        shared_bytes=shared,
        programs_per_sm=_programs_per_sm(
            registers, tiles.num_warps, shared, SHARED_BYTES[capability]
        ),
        products=products,
        asynchronous_copies='cp.async' in kernel.asm['ptx'],
        epilogue_instructions=sum(
            count
            for name, count in counts.items()
            if name.rstrip('3') in _EPILOGUE
        ),
        scores_per_thread=tiles.block_m
        * tiles.block_n
        // (32 * tiles.num_warps),
    )


def _programs_per_sm(
    registers: int, num_warps: int, shared: int, available: int
) -> int:
    # An SM gives 2^16 registers, in units of 8 per thread, and keeps 1 KiB
    # of shared memory for every program.
    by_registers = 2**16 // (-(-registers // 8) * 8 * 32 * num_warps)
    return min(by_registers, (available + 1024) // (shared + 1024))


def _output(tool: str, *args: str) -> str:
    done = subprocess.run(
        [_BIN / tool, *args], capture_output=True, text=True, check=True
    )
    return done.stdout


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
        resources(dim, precision, capability)
        for capability, precision, dim in product(
            SHARED_BYTES, DOT_PRECISION, args.dims
        )
    ]
    report(args, machine, dict(kernels=rows), table(rows))


if __name__ == '__main__':
    main()
