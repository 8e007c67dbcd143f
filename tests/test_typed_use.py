"""Typed code that uses the package, right and wrong.

``make lint`` checks this file with mypy. Of a wrong use it has to find the
error that is ignored, or it says that the comment is not used.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from hirl_mm.clustering.torch_assignment import assign_torch
from hirl_mm.heads import PathProjections
from hirl_mm.losses import sample_negative_leaves, semantic_path_loss
from hirl_mm.structures import PrototypeTree
from hirl_mm.studies import StudyRun, train_runs
from hirl_mm.views import ColorJitter, Flip, RandomCrop, View

ROWS = torch.eye(4)


def nearest(
    rows: Tensor, means: Tensor, precision: str
) -> tuple[Tensor, Tensor]:
    return assign_torch(rows, means, precision)


def nearest_of_level(
    rows: Tensor, means: Tensor, level: str
) -> tuple[Tensor, Tensor]:
    return assign_torch(rows, means)


def a_tree() -> PrototypeTree:
    return PrototypeTree(
        centroids=[ROWS, ROWS[:2]],
        parents=[torch.tensor([0, 0, 1, 1])],
        leaf=torch.arange(4),
    )


def test_tree() -> None:
    tree = hierarchical_kmeans(ROWS, (3, 2), num_restarts=[2, 1], seed=1)
    sizes: tuple[int, ...] = tree.num_prototypes
    assert sizes == (3, 2)
    centroids, labels, objective = kmeans(ROWS, 2, backend=nearest)
    assert centroids.shape == (2, 4) and labels.shape == (4,)
    assert isinstance(objective, float)


def test_loss() -> None:
    tree = a_tree()
    negatives: Tensor = sample_negative_leaves(
        tree.leaf, tree.num_prototypes[0], num_negatives=5
    )
    embeddings: Tensor = PathProjections(4, num_levels=tree.num_levels)(ROWS)
    for given in (embeddings, [*embeddings]):
        loss: Tensor = semantic_path_loss(given, tree, tree.leaf, negatives)
        assert loss.ndim == 0


def test_views() -> None:
    view = View([RandomCrop((8, 8)), Flip(0.5), ColorJitter((0.5, 1.5))])
    drawn = view.draw(torch.tensor([[9, 9]]), torch.Generator(), count=2)
    assert len(drawn) == 2


def a_run(folder: Path) -> StudyRun[str, float]:
    return StudyRun('plain', 'config.py', folder, {})


def test_run_of_a_study(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.note(71.4)
    results: Mapping[str, float] = train_runs([run], lambda run: 0.5)
    assert results == {'plain': 71.4}


def test_wrong_clustering() -> None:
    with pytest.raises(ValueError, match='one per level'):
        hierarchical_kmeans(ROWS, 4)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match='precision'):
        kmeans(ROWS, 2, backend=nearest_of_level)  # type: ignore[arg-type]
    first: int = a_tree().num_prototypes  # type: ignore[assignment]
    assert not isinstance(first, int)


def test_wrong_tree() -> None:
    with pytest.raises(ValueError, match='leaf must be a tensor'):
        PrototypeTree([ROWS], [], leaf=[0])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        a_tree().sizes('1')  # type: ignore[arg-type]


def test_wrong_loss() -> None:
    tree, leaf = a_tree(), torch.arange(4)
    z = ROWS.expand(2, 4, 4)
    with pytest.raises(AttributeError):
        semantic_path_loss(
            z,
            tree.centroids,  # type: ignore[arg-type]
            leaf,
            leaf[:, None],
        )
    with pytest.raises(ValueError, match='reduction'):
        semantic_path_loss(
            z,
            tree,
            leaf,
            leaf[:, None],
            reduction=1,  # type: ignore[arg-type]
        )
    with pytest.raises(TypeError):
        PathProjections(4, num_levels='2')  # type: ignore[arg-type]


def test_wrong_views() -> None:
    with pytest.raises(TypeError, match='a step of a view must be'):
        View([torch.nn.ReLU()])  # type: ignore[list-item]


def test_wrong_run_of_a_study(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.note('71.4')  # type: ignore[arg-type]
    number: int | None = run.result()  # type: ignore[assignment]
    assert not isinstance(number, int)
