import pytest
import torch
from matplotlib.figure import Figure
from sklearn.cluster import KMeans

from hirl_mm.structures import PrototypeTree
from hirl_mm.visualization import draw_semantic_tree
from tests.digit_images import DIGITS


@pytest.fixture(scope='session')
def tree():
    centroids, parents = [], []
    points = DIGITS.data
    for num in (24, 10, 4):
        kmeans = KMeans(num, n_init=1, max_iter=20, random_state=0).fit(points)
        parents.append(torch.from_numpy(kmeans.labels_).long())
        points = kmeans.cluster_centers_
        centroids.append(torch.from_numpy(points))
    return PrototypeTree(centroids, parents[1:], parents[0])


@pytest.fixture
def figures(monkeypatch):
    """The figures that are saved, in a list that grows."""
    saved, save = [], Figure.savefig

    def keep(figure, *args, **kwargs):
        save(figure, *args, **kwargs)
        saved.append(figure)

    monkeypatch.setattr(Figure, 'savefig', keep)
    return saved


@pytest.fixture
def axes_of(figures, tmp_path):
    """Draws a tree into ``tree.png``; gives the axes with all it shows."""

    def draw(*args, **options):
        draw_semantic_tree(*args, tmp_path / 'tree.png', **options)
        return figures[-1].axes[0]

    return draw
