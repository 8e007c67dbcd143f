"""Configs and calls with old names of options do what they did."""

import logging
import uuid

import pytest
from mmengine.config import Config
from mmengine.logging import MMLogger

from hirl_mm.engine.features.dataset_features import (
    evaluation_config,
    evaluation_data,
)
from hirl_mm.engine.hooks import KNNProbeHook
from tests.runs import ROOT

DEMO = ROOT / 'configs/demo/mocov2_resnet18_1xb64-20e_digits.py'


@pytest.fixture
def warnings(caplog):
    """Messages of all warnings since the test began."""
    logger = MMLogger.get_instance(uuid.uuid4().hex)
    logger.addHandler(caplog.handler)

    def read():
        return [
            record.getMessage()
            for record in caplog.records
            if record.levelno >= logging.WARNING
        ]

    return read


def old_demo(tmp_path, name='old.py'):
    """The demo's config as an earlier version wrote it, in one file."""
    cfg = Config.fromfile(DEMO)
    cfg.knn_bank = cfg.pop('knn_gallery')
    file = tmp_path / name
    cfg.dump(file)
    return str(file)


@pytest.mark.slow
def test_old_data_set_of_a_config(tmp_path, warnings):
    file = old_demo(tmp_path)
    cfg = evaluation_config(file)
    expected = Config.fromfile(DEMO)
    for name in ('knn_gallery', 'knn_queries'):
        assert evaluation_data(cfg, name) == expected[name]
    assert warnings() == [
        f'{file}: knn_bank is now knn_gallery. Old names still work; '
        'write the new ones'
    ]


@pytest.mark.slow
def test_old_data_set_of_a_config_that_is_read_elsewhere(tmp_path, warnings):
    cfg = Config.fromfile(old_demo(tmp_path))
    expected = Config.fromfile(DEMO).knn_gallery
    assert evaluation_data(cfg, 'knn_gallery') == expected
    (warning,) = warnings()
    assert 'old.py: knn_bank is now knn_gallery' in warning


@pytest.mark.slow
def test_old_data_sets_of_another_config(tmp_path, warnings):
    training, data = old_demo(tmp_path), tmp_path / 'data.py'
    data.write_text("knn_bank = dict(data_root='elsewhere')")
    cfg = evaluation_config(training, str(data))
    assert cfg.knn_gallery == dict(data_root='elsewhere')
    assert 'knn_bank' not in cfg and 'knn_queries' not in cfg
    assert len(warnings()) == 2


@pytest.mark.slow
def test_old_name_changes_what_is_inherited_by_the_new(tmp_path):
    file = tmp_path / 'child.py'
    file.write_text(
        f"_base_ = '{DEMO}'\nknn_bank = dict(data_root='elsewhere')"
    )
    expected = Config.fromfile(DEMO).knn_gallery
    expected.data_root = 'elsewhere'
    cfg = evaluation_config(str(file))
    assert evaluation_data(cfg, 'knn_gallery') == expected


def test_new_names_do_not_warn(warnings):
    cfg = evaluation_config(str(DEMO))
    evaluation_data(cfg, 'knn_gallery')
    KNNProbeHook(gallery={}, queries={}, num_gallery=3)
    assert not warnings()


def test_old_arguments_of_the_probe(warnings):
    old = KNNProbeHook(bank=dict(a=1), queries=dict(b=2), num_bank=30, k=7)
    new = KNNProbeHook(dict(a=1), dict(b=2), 30, k=7)
    assert vars(old) == vars(new)
    assert warnings() == [
        'KNNProbeHook: bank is now gallery, num_bank is now num_gallery. Old '
        'names still work; write the new ones'
    ]


def test_old_arguments_change_what_is_inherited_by_the_new():
    """As from a config that inherits the probe of a newer one."""
    hook = KNNProbeHook(
        gallery=dict(type='A', data_root='here', indices=4),
        queries={},
        num_gallery=100,
        bank=dict(data_root='there'),
        num_bank=None,
    )
    expected = dict(type='A', data_root='there', indices=4)
    assert hook.gallery == (expected, None)


def test_unknown_argument_of_the_probe():
    with pytest.raises(TypeError, match='num_banks'):
        KNNProbeHook(gallery={}, queries={}, num_banks=3)
