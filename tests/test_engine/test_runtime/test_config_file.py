"""Configs of detectors and segmentations where their package is missing."""

import subprocess
import sys

import pytest

from hirl_mm.engine.runtime.config_file import ConfigError, read_config
from tests.runs import ROOT

DETECTOR = (
    'configs/detection/demo/mask-rcnn_resnet18-fpn_1xb8-12e_shape-scenes.py'
)
SEGMENTATION = (
    'configs/segmentation/fcn_resnet50-d8_4xb4-20k_voc12aug-512x512.py'
)
# As on a machine where a package was never installed.
WITHOUT = """
import importlib.util, sys
import pkg_resources

def hidden(name, *rest):
    return None if name == '{0}' else find(name, *rest)

def unknown(name):
    if name == '{0}':
        raise pkg_resources.DistributionNotFound
    return known(name)

find, importlib.util.find_spec = importlib.util.find_spec, hidden
known, pkg_resources.get_distribution = (
    pkg_resources.get_distribution, unknown)
importlib.reload = lambda module: module
sys.modules['{0}'] = None
sys.argv = ['train.py', '{1}']
sys.path.insert(0, 'tools')
import train
train.run_tool(train.parse_args, train.main)
"""


def test_config_of_a_detector():
    pytest.importorskip('mmdet.models')
    assert read_config(str(ROOT / DETECTOR)).default_scope == 'mmdet'


def test_error_of_another_package_is_named(tmp_path):
    file = tmp_path / 'config.py'
    file.write_text("_base_ = 'mmpose::some/config.py'")
    with pytest.raises(ConfigError, match='ModuleNotFound.* mmpose is not'):
        read_config(str(file))


@pytest.mark.slow
@pytest.mark.parametrize(
    ('package', 'config', 'message'),
    [
        ('mmdet', DETECTOR, 'mmdet is needed, but not installed. Install'),
        ('mmcv.ops', DETECTOR, 'mmdet needs the full mmcv with compiled ops'),
        ('mmseg', SEGMENTATION, 'mmseg is needed, but not installed. Install'),
    ],
)
def test_what_is_missing_is_said(package, config, message):
    done = subprocess.run(
        [sys.executable, '-c', WITHOUT.format(package, config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()[-1:]
    assert message in line and 'pip install' in line
