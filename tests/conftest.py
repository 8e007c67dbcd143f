import gc
import os

# Several processes of a test share the cores; threads of their own would
# wait for each other. Set before torch is imported, and inherited.
os.environ.setdefault('OMP_NUM_THREADS', '1')

import random
import sys

import numpy as np
import pytest
import torch
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from mmengine.dataset import BaseDataset
from mmengine.logging import MessageHub

import tests.quick_stack  # noqa: F401

torch.set_num_threads(1)

# Property tests try the same examples in every run, and more and other ones
# with HYPOTHESIS_PROFILE=thorough. A failure prints how to run its example
# again, so none are kept in a folder. No example has to be fast.
PROFILE = dict(deadline=None, database=None, print_blob=True)
settings.register_profile('ci', max_examples=30, derandomize=True, **PROFILE)
settings.register_profile(
    'thorough', max_examples=1000, derandomize=False, **PROFILE
)
settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'ci'))
# Hypothesis tries the constants of the modules that happen to be imported.
providers.is_local_module_file = lambda path: False


# Tests in these folders run tools, benchmarks and detectors as a whole, or
# draw pictures; those with this fixture train on real images. All are slow, no
# mark is needed. Neither do those that start processes by themselves.
SLOW_FOLDERS = {
    *('test_tools', 'test_benchmarks', 'test_detection'),
    'test_visualization',
}
SLOW_FIXTURE = 'digits'
SLOW_CALL = 'run_processes'


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        in_folder = SLOW_FOLDERS.intersection(item.path.parts)
        trains = SLOW_FIXTURE in getattr(item, 'fixturenames', ())
        called = getattr(item, 'function', seed_everything).__code__.co_names
        if in_folder or trains or SLOW_CALL in called:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """MMEngine collects garbage for every data set: not among all modules."""
    gc.collect()
    gc.freeze()


def seed_everything():
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef):
    """What several tests share does not depend on which comes first."""
    if fixturedef.scope != 'function':
        seed_everything()


@pytest.fixture(autouse=True)
def seed():
    """Every test begins with the same random states, alone or in a row."""
    seed_everything()


@pytest.fixture(autouse=True)
def no_freed_data_sets():
    """MMEngine's get_subset would take them for what is at their address.

    The fork keeps no memo between its calls.
    """
    (memo,) = BaseDataset._copy_without_annotation.__defaults__
    if memo is not None:
        memo.clear()


@pytest.fixture(autouse=True)
def new_hub():
    """Schedules read epoch and iteration from it: not those of another test.

    Which tests come before in a process changes from run to run.
    """
    MessageHub._instance_dict.clear()


@pytest.fixture(scope='session')
def digits(tmp_path_factory):
    """Folder of the digits, 1500 training and 297 other images."""
    from hirl_mm.datasets.toy import write_digits

    return write_digits(tmp_path_factory.mktemp('data') / 'digits')


@pytest.fixture(scope='session')
def warm_python(tmp_path_factory):
    """Command of a Python that has imported PyTorch and OpenMMLab."""
    from tests.warm_python import start_server

    process, command = start_server(tmp_path_factory.mktemp('python'))
    yield command
    process.kill()
    process.join()


@pytest.fixture(scope='module')
def starts_warm(warm_python):
    """Processes that tools and studies start with ``sys.executable`` do so."""
    from tests.warm_python import VARIABLE

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'executable', warm_python)
        patch.setenv(VARIABLE, warm_python)
        yield
