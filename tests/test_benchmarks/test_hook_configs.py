import copy

import pytest
from mmengine.config import Config

from benchmarks.common.hook_configs import (
    KMEANS,
    added_hooks,
    class_name,
    keep_hooks,
    kmeans_hook,
)

KMEANS_HOOK = dict(type='hirl_mm.HierarchicalKMeansHook', start_epoch=3)
PROBE = dict(type='hirl_mm.KNNProbeHook')
TIMER = dict(type='IterTimerHook')
OTHER = dict(type='SimSiamHook')


@pytest.mark.parametrize(
    ('named', 'listed'),
    [
        (dict(timer=TIMER), [OTHER, KMEANS_HOOK, PROBE]),
        (dict(timer=TIMER, kmeans=KMEANS_HOOK, knn_probe=PROBE), [OTHER]),
    ],
)
def test_hooks_of_this_project_are_found_and_removed(named, listed):
    """In a list or by name; those of others stay."""
    cfg = Config(copy.deepcopy(dict(default_hooks=named, custom_hooks=listed)))
    assert [class_name(h) for h in added_hooks(cfg)] == [
        KMEANS,
        'KNNProbeHook',
    ]
    kmeans_hook(cfg).start_epoch = 5
    keep_hooks(cfg, KMEANS)
    assert [class_name(h) for h in added_hooks(cfg)] == [KMEANS]
    assert kmeans_hook(cfg).start_epoch == 5
    assert cfg.default_hooks.timer == TIMER
    assert OTHER in cfg.custom_hooks
    keep_hooks(cfg)
    assert not list(added_hooks(cfg))
