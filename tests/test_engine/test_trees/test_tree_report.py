import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.visualization import Visualizer

from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.engine.trees.report import report_tree


@pytest.mark.parametrize('searched', [None, 0.0123])
def test_the_share_of_float32_is_told_where_there_is_one(
    searched, tmp_path, caplog, monkeypatch
):
    x = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
    tree = hierarchical_kmeans(x, (9, 3), num_iters=2, num_restarts=1)
    runner = SimpleNamespace(
        logger=logging.getLogger('report'), visualizer=Visualizer(), epoch=4
    )
    scalars = {}
    monkeypatch.setattr(
        runner.visualizer, 'add_scalars', lambda d, step: scalars.update(d)
    )
    with caplog.at_level('INFO'):
        report_tree(runner, tree, None, 0.5, dict(cluster=1.5), 1, searched)
    told = ', distances in fp32 1.23%, ' in caplog.text
    assert told == (searched is not None)
    assert 'cluster 1.5 s, ' in caplog.text
    assert scalars.get('hirl/searched_in_fp32') == searched
