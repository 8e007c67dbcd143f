"""Registered names beside those of the packages they meet in a run."""

import pytest

from hirl_mm.registry import HOOKS, MODELS


def test_no_name_of_mmdet():
    """Its detector DINO and DINOHead above all."""
    mmdet = pytest.importorskip('mmdet.registry')
    pytest.importorskip('mmdet.models')
    pytest.importorskip('mmdet.engine')
    assert {'DINO', 'DINOHead'} <= set(mmdet.MODELS.module_dict)
    for own, theirs in ((MODELS, mmdet.MODELS), (HOOKS, mmdet.HOOKS)):
        own.import_from_location()
        assert own.module_dict
        assert not set(own.module_dict) & set(theirs.module_dict)
