import pytest
import torch

from hirl_mm.datasets.taxonomy.hierarchy import load_hierarchy
from hirl_mm.datasets.toy import write_shapes
from hirl_mm.engine.features.labelled_data import labels_of
from hirl_mm.evaluation.functional import tree_purity
from tests.runs import run, small_config


@pytest.mark.slow
def test_tree_of_the_shapes_against_their_taxonomy(tmp_path):
    """Images of three known levels, through training, to three purities."""
    root = write_shapes(
        tmp_path / 'shapes', num_train_per_class=4, num_val_per_class=1
    )
    cfg = small_config(root, tmp_path, num_prototypes=(36, 12, 4))
    cfg.train_dataloader.dataset.indices = None
    cfg.default_hooks.kmeans.pipeline.insert(
        1, dict(type='ResizeEdge', scale=32, edge='short')
    )
    runner = run(cfg)
    tree, dataset = runner.model.tree, runner.train_dataloader.dataset
    assert len(tree.leaf) == len(dataset) == 36 * 4
    hierarchy = load_hierarchy(root / 'hierarchy.json')
    fine = labels_of(dataset, 'shapes')
    purities = [
        tree_purity(tree, torch.as_tensor(hierarchy.labels(fine, level)))
        for level in hierarchy.levels
    ]
    for finer, coarser in zip(purities, purities[1:], strict=False):
        assert all(a <= b for a, b in zip(finer, coarser, strict=True))
    assert all(level['largest_share'] < 0.9 for level in tree.summary())
