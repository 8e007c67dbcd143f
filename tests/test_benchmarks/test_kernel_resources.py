from itertools import product

import pytest

triton = pytest.importorskip('triton')

from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.compiler import ASTSource  # noqa: E402

from benchmarks.clustering.kernel_resources import (  # noqa: E402
    SHARED_BYTES,
    resources,
)
from hirl_mm.clustering.triton_kernels import (  # noqa: E402
    distance_kernel,
    segment_sum_kernel,
)
from hirl_mm.clustering.triton_tiling import DOT_PRECISION  # noqa: E402


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('TRITON_CACHE_DIR', str(tmp_path))


@pytest.mark.parametrize('capability', [80, 90])
@pytest.mark.parametrize('precision', ['fp32', 'tf32', 'bf16'])
@pytest.mark.parametrize('dim', [256, 2048])
def test_kernel_compiles_without_spills(dim, precision, capability):
    """With tensor cores, and copies that run beside them."""
    row = resources(dim, precision, capability)
    assert row['spilled_bytes'] == row['local_accesses'] == 0
    assert row['shared_bytes'] <= SHARED_BYTES[capability]
    assert row['asynchronous_copies']
    by = {80: 'HMMA', 90: 'HGMMA'}[capability]
    assert row['products'] == (by if precision != 'fp32' else 'FFMA')
    assert row['programs_per_sm'] >= 1


def test_rows_of_128_coordinates_as_users_run_it(run_benchmark):
    printed, report = run_benchmark('clustering.kernel_resources')
    rows = {
        (row['capability'], row['precision']): row for row in report['kernels']
    }
    assert set(rows) == set(product(SHARED_BYTES, DOT_PRECISION))
    for row in rows.values():
        assert row['spilled_bytes'] == row['local_accesses'] == 0
    assert rows[90, 'bf16']['programs_per_sm'] == 2
    assert printed.count('HGMMA') == 2


def test_two_programs_fit_on_an_sm_of_hopper():
    assert resources(64, 'tf32', 90)['programs_per_sm'] == 2


@pytest.mark.parametrize('capability', [80, 90])
@pytest.mark.parametrize('column_stride', ['constexpr', 'i32'])
def test_kernels_beside_it_compile(capability, column_stride):
    long = dict.fromkeys(['label_ptr', 'order_ptr', 'bounds_ptr'], '*i64')
    for kernel in (distance_kernel, segment_sum_kernel):
        types = {
            name: '*fp32' if name.endswith('_ptr') else 'i32'
            for name in kernel.arg_names
        }
        types |= {name: kind for name, kind in long.items() if name in types}
        types |= dict(BLOCK_M='constexpr', BLOCK_D='constexpr')
        # Triton makes a constant of a stride of 1.
        types['column_stride'] = column_stride
        constants = dict(BLOCK_M=16, BLOCK_D=128)
        if column_stride == 'constexpr':
            constants['column_stride'] = 1
        built = triton.compile(
            ASTSource(fn=kernel, signature=types, constexprs=constants),
            target=GPUTarget('cuda', capability, 32),
        )
        assert built.asm['cubin']
