"""A network with random weights and the images of its config."""

import pytest
import torch

from hirl_mm.studies.frozen_network import frozen_network
from tests.runs import small_config


@pytest.fixture
def cfg(digits, tmp_path):
    cfg = small_config(digits, tmp_path, hirl=False)
    cfg.knn_gallery.update(data_root=str(digits), indices=20)
    cfg.knn_queries.update(data_root=str(digits), indices=10)
    return cfg


def test_features_are_those_of_the_seed(cfg):
    before = cfg.to_dict()
    found = [frozen_network(cfg, None, seed).features() for seed in (1, 1, 2)]
    assert cfg.to_dict() == before
    first, again, other = found
    assert all(map(torch.equal, first, again))
    features, labels, queries, query_labels = first
    assert not torch.equal(features, other[0])
    assert (len(features), len(labels)) == (20, 20)
    assert (len(queries), len(query_labels)) == (10, 10)
    assert features.shape[1:] == queries.shape[1:] and features.dim() == 2


def test_features_of_a_stage(cfg):
    network = frozen_network(cfg, None, 0)
    width = network.features()[0].size(1)
    assert network.features(2)[0].size(1) == width // 4
    assert network.features(2)[2].size(1) == width // 4
    with pytest.raises(ValueError, match='stage'):
        network.features(9)
