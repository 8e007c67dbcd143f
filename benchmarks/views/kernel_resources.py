"""Resources of a GPU that the kernels of the views use.

Compiles all kernels for sm_80 and sm_90 with the tiles of the package and
lists registers and spills. No GPU is needed.
"""

from collections.abc import Iterator, Mapping, Sequence

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from benchmarks.common.cubin import registers_and_spills
from benchmarks.common.machine import describe
from benchmarks.common.options import new_parser, parse, report
from benchmarks.common.tables import aligned_table
from hirl_mm.views.blur_kernels import boxes_kernel
from hirl_mm.views.colour_kernels import colours_kernel, grey_sum_kernel
from hirl_mm.views.filters import FILTERS
from hirl_mm.views.resampling_kernels import columns_kernel, rows_kernel
from hirl_mm.views.triton_blur import NUM_WARPS, tile_of
from hirl_mm.views.triton_colours import BLOCK
from hirl_mm.views.triton_resampling import COLUMNS_TILE, ROWS_TILE

CAPABILITIES = 80, 90
SIZES = 96, 224
# Types of pointers; the others are bytes of pixels.
_TYPES = dict(
    view_ptr='*i64',
    block_ptr='*i32',
    code_ptr='*i32',
    contrast_ptr='*i32',
    value_ptr='*fp32',
    weight_ptr='*fp64',
    sum_ptr='*i64',
)
# Sizes that are multiples of 16 for views of 96 and 224 pixels.
ALIGNED = (
    *('width', 'height', 'length', 'across', 'line_stride', 'step'),
    'channel_stride',
)
_HEAD = 'sm', 'kernel', 'form', 'size', 'registers', 'spilled'


def kernels(size: int) -> Iterator[tuple[str, str, dict]]:
    """Yield name, form and arguments of :func:`resources` of every kernel.

    Args:
        size: Height and width of the views.
    """
    found = []
    for name, (_, support) in FILTERS.items():
        weights = dict(FILTER=name, SUPPORT=support)
        found += [
            ('rows', name, rows_kernel, weights | ROWS_TILE, {}),
            ('columns', name, columns_kernel, weights | COLUMNS_TILE, {}),
        ]
    unfused = dict(enable_fp_fusion=False)
    for form, one in (('dense', 'pixel'), ('ragged', 'channel')):
        constants = {'BGR': True, 'BLOCK': BLOCK, f'{one}_stride': 1}
        found += [
            ('grey', form, grey_sum_kernel, constants, unfused),
            ('colours', form, colours_kernel, constants, unfused),
        ]
    for form, ones in (
        ('along rows', ('step', 'out_column')),
        ('along columns', ('line_stride', 'in_column')),
    ):
        constants = tile_of(size) | dict.fromkeys(ones, 1)
        warps = dict(num_warps=NUM_WARPS)
        found.append(('blur', form, boxes_kernel, constants, warps))
    for name, form, kernel, constants, options in found:
        arguments = dict(kernel=kernel, constants=constants, options=options)
        yield name, form, arguments


def resources(
    kernel: triton.JITFunction,
    constants: Mapping[str, object],
    capability: int,
    options: Mapping[str, object] | None = None,
    aligned: Sequence[str] = ALIGNED,
) -> tuple[int, int, int]:
    """Compile a kernel for a GPU that need not be there.

    Args:
        kernel: The kernel.
        constants: Arguments that are constants, those that are 1 included.
        capability: Compute capability, such as 90.
        options: Options of the compiler.
        aligned: Sizes that are multiples of 16, besides all pointers.

    Returns:
        Registers, bytes on the stack and accesses to it.
    """
    types = dict.fromkeys(kernel.arg_names, 'i32')
    for name in kernel.arg_names:
        if name[-4:] == '_ptr':
            types[name] = _TYPES.get(name, '*u8')
    if kernel is boxes_kernel:
        types['view_ptr'] = '*i32'
    types |= dict.fromkeys(constants, 'constexpr')
    attributes = {
        (index,): [['tt.divisibility', 16]]
        for index, name in enumerate(kernel.arg_names)
        if name not in constants and (name[-4:] == '_ptr' or name in aligned)
    }
    source = ASTSource(
        fn=kernel,
        signature=types,
        constexprs=dict(constants),
        attrs=attributes,
    )
    compiled = triton.compile(
        source,
        target=GPUTarget('cuda', capability, 32),
        options=dict(options or {}),
    )
    return registers_and_spills(compiled)


def main() -> None:
    parser = new_parser(__doc__)
    parser.add_argument(
        '--sizes', type=int, nargs='+', default=list(SIZES), metavar='PIXELS'
    )
    args = parse(parser, dict(sizes=[224]))
    machine = describe('cpu')
    rows = []
    for capability in CAPABILITIES:
        for size in args.sizes:
            for name, form, arguments in kernels(size):
                if name != 'blur' and size != args.sizes[0]:
                    continue
                used = resources(**arguments, capability=capability)
                rows.append(
                    dict(
                        capability=capability,
                        kernel=name,
                        form=form,
                        size=size if name == 'blur' else 'any',
                        registers=used[0],
                        spilled_bytes=used[1],
                    )
                )
    cells = [tuple(map(str, row.values())) for row in rows]
    report(
        args, machine, dict(kernels=rows), aligned_table(_HEAD, cells, left=3)
    )


if __name__ == '__main__':
    main()
