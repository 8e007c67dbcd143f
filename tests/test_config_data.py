"""Every config reads the data that the documentation tells to prepare.

Configs are inherited as another project would, by ``hirl_mm::`` and with
another default scope, so that they also have to name their scopes.
"""

import copy
import json
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, DefaultScope, init_default_scope
from mmengine.runner import Runner

from hirl_mm.engine.features.feature_pass import feature_loader
from hirl_mm.registry import type_name
from tests.documented_data import write_all
from tests.runs import ROOT

FOLDER = ROOT / 'configs'
CONFIGS = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.rglob('*.py')
    if not {'_base_', 'studies'}.intersection(path.parts)
)
DETECTION = [n for n in CONFIGS if n.split('/')[0] == 'detection']
SEGMENTATION = [n for n in CONFIGS if n.split('/')[0] == 'segmentation']
OTHERS = [n for n in CONFIGS if n not in (*DETECTION, *SEGMENTATION)]
# The demo, its protocols, and what differs by numbers alone, take as long as
# the recipes and find less.
SLOW_FOLDERS = 'ablations', 'modes', 'debug', 'demo', 'small'
SETS = 'knn_gallery', 'knn_queries', 'svm_train', 'svm_test'
# Batches that were read, by what the config says of them: many configs of one
# method differ by the model alone.
READ = {}


@pytest.fixture(scope='module', autouse=True)
def documented_data(tmp_path_factory):
    """The working directory has ``data/``; what tests set globally, reset."""
    root = tmp_path_factory.mktemp('documented')
    write_all(root)
    scope = DefaultScope.get_current_instance()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        yield root
    init_default_scope(scope.scope_name if scope else 'mmpretrain')


@pytest.fixture
def inherit(tmp_path):
    """Read a config as a project whose default scope is MMEngine's."""

    def read(name):
        path = tmp_path / 'mine.py'
        path.write_text(
            f"_base_ = 'hirl_mm::{name}'\ndefault_scope = 'mmengine'\n"
        )
        cfg = Config.fromfile(path)
        init_default_scope(cfg.default_scope)
        return cfg

    return read


def loaders(cfg) -> Iterator[tuple[str, dict]]:
    """Configs of all loaders, of two images a batch."""
    small = dict(batch_size=2, num_workers=0, persistent_workers=False)
    for name in 'train', 'val', 'test':
        loader = cfg.get(f'{name}_dataloader')
        if loader is not None:
            loader = copy.deepcopy(loader)
            loader.pop('batch_sampler', None)
            if type_name(loader.sampler.type) == 'NeighborPairSampler':
                # Before a hook gives it positives.
                loader.sampler.own_positives = True
            yield name, loader | small
    in_order = small | dict(sampler=dict(type='DefaultSampler', shuffle=False))
    probe = cfg.get('default_hooks', {}).get('knn_probe', {})
    for sets in cfg, probe:
        for name in SETS:
            dataset = sets.get(name, sets.get(name.removeprefix('knn_')))
            if dataset is not None:
                yield name, in_order | dict(dataset=dataset)


def first_batch(loader: dict) -> tuple[BaseDataset, dict]:
    """Data set and first batch, read once for equal configs."""
    key = json.dumps(loader, sort_keys=True, default=str)
    if key not in READ:
        built = Runner.build_dataloader(copy.deepcopy(loader))
        READ[key] = built.dataset, next(iter(built))
    return READ[key]


def images_of(inputs) -> list[torch.Tensor]:
    """All tensors of the inputs of a batch."""
    if isinstance(inputs, torch.Tensor):
        return [inputs]
    return [image for part in inputs for image in images_of(part)]


def check_reads(cfg) -> None:
    """Read a batch of every loader, and of passes for trees and neighbours."""
    names = []
    for name, loader in loaders(cfg):
        dataset, batch = first_batch(loader)
        names.append(name)
        assert len(dataset) >= 3
        assert len(batch['data_samples']) == 2
        for image in images_of(batch['inputs']):
            assert image.dtype == torch.uint8 and image.shape[-3] == 3
        if name == 'train':
            trained = dataset
    assert names
    hooks = cfg.get('default_hooks', {})
    for name in {'kmeans', 'neighbors'} & set(hooks):
        loader = feature_loader(trained, hooks[name].pipeline, 2, 0)
        assert len(next(iter(loader))['inputs']) == 2


def marked(names):
    """Configs as parameters of a test, some of them marked slow."""
    return [
        pytest.param(
            name,
            marks=[pytest.mark.slow]
            if set(name.split('/')[:-1]).intersection(SLOW_FOLDERS)
            else [],
        )
        for name in names
    ]


@pytest.mark.parametrize('name', marked(OTHERS))
def test_a_batch_is_read(name, inherit):
    check_reads(inherit(name))


@pytest.mark.slow
@pytest.mark.parametrize('name', DETECTION)
def test_a_batch_of_detection_is_read(name, inherit):
    pytest.importorskip('mmdet.models')
    check_reads(inherit(name))


@pytest.mark.slow
@pytest.mark.parametrize('name', SEGMENTATION)
def test_a_batch_of_segmentation_is_read(name, inherit):
    pytest.importorskip('mmseg.models')
    check_reads(inherit(name))


@pytest.mark.parametrize('split', ['train', 'val'])
def test_imagenet_is_numbered_by_the_names_of_its_folders(split, inherit):
    name = 'hirl/hirl-swav_resnet50_32xb128-mcrop-coslr-200e_in1k.py'
    cfg = inherit(name)
    config = cfg.train_dataloader.dataset | dict(split=split)
    dataset = DATASETS.build(config)
    labels = [dataset.get_data_info(i)['gt_label'] for i in range(1000)]
    assert labels == np.arange(1000).tolist() and len(dataset) == 1000
