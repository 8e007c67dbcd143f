import pytest

pytest.importorskip('triton')

from benchmarks.views.kernel_resources import CAPABILITIES


def test_kernels_compile_without_spills(run_benchmark):
    printed, report = run_benchmark('views.kernel_resources')
    assert 'along columns' in printed
    kernels = report['kernels']
    for capability in CAPABILITIES:
        names = [
            row['kernel'] for row in kernels if row['capability'] == capability
        ]
        assert {name: names.count(name) for name in names} == dict(
            rows=3, columns=3, grey=2, colours=2, blur=2
        )
    assert all(row['spilled_bytes'] == 0 for row in kernels)
    assert all(row['registers'] <= 255 for row in kernels)
