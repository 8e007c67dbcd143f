"""The tree of a finished training, built with its last weights."""

import json
from dataclasses import replace
from pathlib import Path

import torch
from mmengine.logging import MMLogger
from torch import Tensor

from hirl_mm.checkpoints.trees import load_tree
from hirl_mm.clustering import hierarchical_kmeans
from hirl_mm.files import replacing
from hirl_mm.structures import NO_LEAF, PrototypeTree

from .mode import clustering_mode

_TREE = 'tree.pth'
_FACTS = 'tree.json'
_OF_MODE = ('num_iters', 'num_restarts', 'tol', 'precision')


def final_tree(
    rows: Tensor, hook: dict, data: str, folder: Path, facts: dict
) -> PrototypeTree:
    """Cluster embeddings of the last weights as the training did, once.

    The tree in a checkpoint was built before the last epoch, with weights
    that have changed since.

    Args:
        rows: (N, D) embeddings of the training images, NaN for those that
            could not be read.
        hook: Config of the HierarchicalKMeansHook of the training.
        data: Identity of the training images.
        folder: Folder in which the tree is kept.
        facts: Everything that the rows depend on, as values for JSON.

    Returns:
        The tree; that of an earlier call if it has the same facts.
    """
    nums = tuple(hook['num_prototypes'])
    given = {key: hook[key] for key in _OF_MODE if key in hook}
    mode = clustering_mode(hook.get('mode', 'faithful'), len(nums), **given)
    options = dict(seed=hook.get('seed', 0), **mode.kmeans_options())
    wanted = json.loads(json.dumps([facts, options, nums, data]))
    kept = _kept(folder, wanted)
    if kept is not None:
        return kept
    MMLogger.get_current_instance().info(
        f'building the tree of the last weights over {len(rows)} images'
    )
    present = rows.isfinite().all(1)
    tree = hierarchical_kmeans(rows[present].float(), nums, **options)
    leaf = torch.full((len(rows),), NO_LEAF)
    leaf[present] = tree.leaf
    tree = replace(tree, leaf=leaf, data=data)
    (folder / _FACTS).unlink(missing_ok=True)
    tree.save(folder / _TREE)
    with replacing(folder / _FACTS) as temporary:
        temporary.write_text(json.dumps(wanted) + '\n')
    return tree


def _kept(folder: Path, facts: list) -> PrototypeTree | None:
    try:
        if json.loads((folder / _FACTS).read_text()) == facts:
            return load_tree(folder / _TREE)
    except (OSError, ValueError):
        pass
    return None
