"""What a compiled kernel uses of a GPU, from the tools that Triton brings."""

import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import triton
from triton.compiler import CompiledKernel

_BIN = Path(triton.__file__).parent / 'backends/nvidia/bin'


def registers_and_spills(kernel: CompiledKernel) -> tuple[int, int, int]:
    """Read the resources of a kernel, without a GPU.

    Args:
        kernel: Kernel that was compiled for a GPU.

    Returns:
        Registers per thread, bytes of its stack, and the number of
        instructions that access the stack (local memory). Both are 0 unless
        registers are spilled.
    """
    registers, stack, counts = disassembled(kernel)
    return registers, stack, counts['LDL'] + counts['STL']


def disassembled(kernel: CompiledKernel) -> tuple[int, int, Counter[str]]:
    """Return registers per thread, bytes of stack and instructions by name.

    Args:
        kernel: Kernel that was compiled for a GPU.
    """
    with tempfile.NamedTemporaryFile(suffix='.cubin') as file:
        file.write(kernel.asm['cubin'])
        file.flush()
        usage = _output('cuobjdump', '-res-usage', file.name)
        sass = _output('nvdisasm', '-c', file.name)
    counts = Counter(
        re.findall(r'^\s+/\*\w+\*/\s+(?:@!?U?P\d+\s+)?(\w+)', sass, re.M)
    )
    return (
        int(re.search(r'REG:(\d+)', usage)[1]),
        int(re.search(r'STACK:(\d+)', usage)[1]),
        counts,
    )


def _output(tool: str, *args: str) -> str:
    done = subprocess.run(
        [_BIN / tool, *args], capture_output=True, text=True, check=True
    )
    return done.stdout
