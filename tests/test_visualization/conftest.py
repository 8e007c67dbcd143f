import pytest
import torch
from sklearn.cluster import KMeans

from hirl_mm.structures import PrototypeTree
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
