import pytest
from mmengine.registry import init_default_scope


@pytest.fixture(autouse=True)
def scope_of_other_tests():
    """Detectors set MMDetection's scope, which would outlive their test."""
    yield
    init_default_scope('mmpretrain')
