from itertools import product

import pytest

triton = pytest.importorskip('triton')

from benchmarks.clustering.compiled_kernels import (  # noqa: E402
    SHARED_BYTES,
    compiled,
    usage,
)
from benchmarks.clustering.kernel_resources import (  # noqa: E402
    KERNELS,
    resources,
)
from hirl_mm.clustering.triton_exact_kernels import (  # noqa: E402
    round_kernel,
)
from hirl_mm.clustering.triton_kernels import (  # noqa: E402
    distance_kernel,
    segment_sum_kernel,
)


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('TRITON_CACHE_DIR', str(tmp_path))


@pytest.mark.parametrize('capability', [80, 90])
@pytest.mark.parametrize('precision', KERNELS)
@pytest.mark.parametrize('dim', [256, 2048])
def test_kernel_compiles_without_spills(dim, precision, capability):
    """With tensor cores, and copies that run beside them."""
    row = resources(dim, precision, capability)
    assert row['spilled_bytes'] == row['local_accesses'] == 0
    assert row['shared_bytes'] <= SHARED_BYTES[capability]
    assert row['asynchronous_copies']
    by = {80: 'HMMA', 90: 'HGMMA'}[capability]
    on_fma_units = precision in ('fp32', 'candidates')
    assert row['products'] == ('FFMA' if on_fma_units else by)
    assert row['programs_per_sm'] >= 1


def test_rows_of_128_coordinates_as_users_run_it(run_benchmark):
    printed, report = run_benchmark('clustering.kernel_resources')
    rows = {
        (row['capability'], row['precision']): row for row in report['kernels']
    }
    assert set(rows) == set(product(SHARED_BYTES, KERNELS))
    for row in rows.values():
        assert row['spilled_bytes'] == row['local_accesses'] == 0
    assert rows[90, 'bf16']['programs_per_sm'] == 2
    assert rows[90, 'bounds']['programs_per_sm'] == 2
    assert printed.count('HGMMA') == 3
    # An FMA and a maximum per score, besides what a row takes.
    bounds, labels = rows[90, 'bounds'], rows[90, 'bf16']
    for row in (bounds, labels):
        row['each'] = row['epilogue_instructions'] / row['scores_per_thread']
    assert bounds['each'] < 1.4 and labels['each'] > 3


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
        # Triton makes a constant of a stride of 1.
        constants = dict(BLOCK_M=16, BLOCK_D=128)
        if column_stride == 'constexpr':
            constants['column_stride'] = 1
        built = compiled(kernel, types, constants, capability)
        assert built.asm['cubin']


@pytest.mark.parametrize('own_scale', [False, True])
def test_rounding_compiles_without_spills(own_scale):
    floats = ('x', 'mean', 'scale', 'facts')
    types = {f'{name}_ptr': '*fp32' for name in floats}
    types |= dict(rounded_ptr='*fp16', slack='fp32')
    constants = dict(OWN_SCALE=own_scale, DEPTH=128, BLOCK_M=16, BLOCK_D=64)
    for capability in (80, 90):
        built = compiled(round_kernel, types, constants, capability)
        row = usage(built, num_warps=4, capability=capability)
        assert row['spilled_bytes'] == row['local_accesses'] == 0
