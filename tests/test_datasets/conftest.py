import pytest

from hirl_mm.datasets.toy import write_shapes


@pytest.fixture(scope='session')
def shapes(tmp_path_factory):
    return write_shapes(
        tmp_path_factory.mktemp('data') / 'shapes',
        num_train_per_class=15,
        num_val_per_class=6,
    )
