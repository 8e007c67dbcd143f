"""Compilation of Triton kernels for GPUs that need not be there."""

from collections.abc import Mapping

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, CompiledKernel

from benchmarks.common.cubin import disassembled

# Shared memory that one program may have, in bytes, by compute capability.
SHARED_BYTES = {80: 163 * 2**10, 86: 99 * 2**10, 90: 227 * 2**10}
_EPILOGUE = ('FADD', 'FMNMX', 'FSETP', 'FSEL', 'SEL', 'VIMNMX', 'IMNMX')
_PRODUCTS = ('HGMMA', 'HMMA', 'FFMA')


def compiled(
    kernel: triton.JITFunction,
    types: Mapping[str, str],
    constants: Mapping[str, object],
    capability: int,
    unaligned: tuple[str, ...] = (),
    **options: int,
) -> CompiledKernel:
    """Compile a kernel.

    Args:
        kernel: Kernel.
        types: Types of its arguments by name, such as ``'*fp32'``; those that
            are missing are int32.
        constants: Values of its constants by name.
        capability: Compute capability times 10, such as 90.
        unaligned: Integers that are not multiples of 16 at a launch.
        **options: ``num_warps`` and ``num_stages``.
    """
    signature = {
        name: 'constexpr' if name in constants else types.get(name, 'i32')
        for name in kernel.arg_names
    }
    aligned = {
        (index,): [['tt.divisibility', 16]]
        for index, (name, kind) in enumerate(signature.items())
        if kind not in ('constexpr', 'fp32') and name not in unaligned
    }
    source = ASTSource(
        fn=kernel,
        signature=signature,
        constexprs=dict(constants),
        attrs=aligned,
    )
    target = GPUTarget('cuda', capability, 32)
    return triton.compile(source, target=target, options=options)


def usage(kernel: CompiledKernel, num_warps: int, capability: int) -> dict:
    """Return the resources that a compiled kernel uses.

    ``epilogue_instructions`` counts those in the whole kernel that add,
    compare and choose numbers.
    """
    registers, stack, counts = disassembled(kernel)
    shared = kernel.metadata.shared
    return dict(
        registers=registers,
        spilled_bytes=stack,
        local_accesses=counts['LDL'] + counts['STL'],
        shared_bytes=shared,
        programs_per_sm=_programs_per_sm(
            registers, num_warps, shared, SHARED_BYTES[capability]
        ),
        products=next((name for name in _PRODUCTS if counts[name]), ''),
        asynchronous_copies='cp.async' in kernel.asm['ptx'],
        epilogue_instructions=sum(
            count
            for name, count in counts.items()
            if name.rstrip('3') in _EPILOGUE
        ),
    )


def _programs_per_sm(
    registers: int, num_warps: int, shared: int, available: int
) -> int:
    # An SM gives 2^16 registers, in units of 8 per thread, and keeps 1 KiB
    # of shared memory for every program.
    by_registers = 2**16 // (-(-registers // 8) * 8 * 32 * num_warps)
    return min(by_registers, (available + 1024) // (shared + 1024))
