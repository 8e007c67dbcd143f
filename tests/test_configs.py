from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope

from hirl_mm.models import HIRLAlgorithm
from hirl_mm.registry import HOOKS, MODELS

ROOT = Path(__file__).parents[1]
CONFIGS = sorted(
    str(path.relative_to(ROOT / 'configs'))
    for path in (ROOT / 'configs').glob('[!_]*/*.py')
)


def load(name):
    cfg = Config.fromfile(ROOT / 'configs' / name)
    init_default_scope(cfg.default_scope)
    return cfg


def test_there_are_configs():
    assert len(CONFIGS) >= 4


@pytest.mark.parametrize('name', CONFIGS)
def test_model_hooks_and_pipelines_build(name):
    cfg = load(name)
    model = MODELS.build(cfg.model)
    model.init_weights()
    hooks = [HOOKS.build(hook) for hook in cfg.custom_hooks]
    assert all(isinstance(hook, Hook) for hook in hooks)
    pipelines = [
        cfg.train_dataloader.dataset.pipeline,
        cfg.knn_bank.pipeline,
        cfg.knn_queries.pipeline,
        *(h.pipeline for h in hooks if hasattr(h, 'pipeline')),
    ]
    for pipeline in pipelines:
        assert pipeline[0]['type'] == 'hirl_mm.LoadImage'
        assert len(Compose(pipeline).transforms) == len(pipeline)
    assert cfg.train_dataloader.collate_fn == dict(type='default_collate')
    backend = cfg.default_hooks.checkpoint.backend_args.backend
    assert backend == 'hirl_mm.atomic'
    if isinstance(model, HIRLAlgorithm):
        assert cfg.find_unused_parameters
        levels = len(hooks[0].num_prototypes)
        assert model.spd_head.num_levels == levels


def test_recipe_of_the_paper():
    cfg = load('hirl/hirl-mocov2_resnet50_8xb32-coslr-200e_in1k.py')
    kmeans_hook = cfg.custom_hooks[0]
    assert kmeans_hook.num_prototypes == (30000, 10000, 1000)
    assert kmeans_hook.start_epoch == 20
    assert cfg.model.spd_head.num_negatives == 1000
    assert cfg.model.queue_len == 65536
    assert cfg.train_cfg.max_epochs == 200
    assert cfg.optim_wrapper.optimizer.lr == 0.03
    views = cfg.train_dataloader.dataset.pipeline[1]
    assert views['num_views'] == [2] or views['num_views'] == 2


def test_configs_of_one_demo_differ_by_hirl_alone():
    plain = load('demo/mocov2_resnet18_1xb64-20e_digits.py')
    hirl = load('demo/hirl-mocov2_resnet18_1xb64-20e_digits.py')
    for key in plain:
        if key in ('model', 'custom_hooks'):
            continue
        assert plain[key] == hirl[key], key
    del hirl.model['spd_head']
    hirl.model.type = 'MoCo'
    assert plain.model == hirl.model
    assert hirl.custom_hooks[1:] == plain.custom_hooks
