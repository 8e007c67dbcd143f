"""Products of Triton's interpreter that are rounded as a GPU's are."""

import numpy as np
import pytest
from triton._C.libtriton.ir import INPUT_PRECISION
from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

TF32 = INPUT_PRECISION.TF32


def create_dot(self, a, b, d, input_precision, max_imprecise):
    """The product of two tiles, rounded once.

    NumPy multiplies the bits of bfloat16 as if they were integers, and tf32
    in full. In float32 it rounds by the place of a column in its tile, on
    some processors; a GPU gives equal columns equal products.
    """
    operands = []
    for operand in (a, b):
        data = operand.data
        if data.dtype == np.uint16:
            data = (data.astype(np.uint32) << 16).view(np.float32)
        elif data.dtype == np.float32 and input_precision == TF32:
            data = (data.view(np.uint32) & 0xFFFFE000).view(np.float32)
        operands.append(data.astype(np.float64))
    product = np.matmul(*operands).astype(d.data.dtype)
    return TensorHandle(product + d.data, d.dtype.scalar)


@pytest.fixture(autouse=True)
def dot_of_a_gpu(monkeypatch):
    monkeypatch.setattr(InterpreterBuilder, 'create_dot', create_dot)
