import math

import numpy as np
import pytest
import torch

from hirl_mm.evaluation.functional import (
    knn_accuracy,
    knn_predictions,
    weighted_vote,
)


def naive_predictions(gallery, gallery_labels, queries, k, temperature):
    predictions = []
    for query in queries:
        ranked = []
        for row, label in zip(gallery, gallery_labels, strict=True):
            norm = np.linalg.norm(query) * np.linalg.norm(row)
            ranked.append((float(query @ row) / norm, int(label)))
        ranked.sort(reverse=True)
        votes = {}
        for similarity, label in ranked[:k]:
            weight = math.exp(similarity / temperature)
            votes[label] = votes.get(label, 0) + weight
        predictions.append(max(votes, key=votes.get))
    return predictions


def random_case(num_classes=5):
    generator = torch.Generator().manual_seed(3)

    def draw(num):
        labels = torch.randint(num_classes, (num,), generator=generator)
        noise = torch.randn(num, 6, generator=generator).double()
        return means[labels] + 1.2 * noise, labels

    means = torch.randn(num_classes, 6, generator=generator).double()
    return (*draw(120), *draw(40))


@pytest.mark.parametrize('temperature', [0.07, 0.5, 5.0])
def test_equals_the_naive_classifier(temperature):
    *case, target = random_case()
    ks = (1, 5, 20, 120)
    found = knn_predictions(*case, ks=ks, temperature=temperature)
    accuracy = knn_accuracy(*case, target, ks=ks, temperature=temperature)
    assert list(found) == list(accuracy) == list(ks)
    arrays = [part.numpy() for part in case]
    for k in ks:
        expected = naive_predictions(*arrays, k, temperature)
        assert found[k].tolist() == expected
        hits = sum(
            p == t for p, t in zip(expected, target.tolist(), strict=True)
        )
        assert accuracy[k] == pytest.approx(100 * hits / len(target))
    assert 20 < accuracy[5] < 100


def test_half_features_in_a_file_serve_as_a_gallery(tmp_path):
    gallery, labels, queries, target = random_case()
    stored = np.lib.format.open_memmap(
        tmp_path / 'gallery.npy', 'w+', np.float16, gallery.shape
    )
    stored[:] = gallery.numpy()
    found = knn_accuracy(
        torch.from_numpy(stored),
        labels.int(),
        queries.float(),
        target.int(),
        ks=(1, 9),
        chunk_size=7,
    )
    expected = knn_accuracy(
        torch.from_numpy(stored.astype(np.float64)),
        labels,
        queries,
        target,
        ks=(1, 9),
    )
    assert found == expected


@pytest.mark.parametrize('chunk_size', [1, 7, 40, 64])
def test_is_invariant_to_the_chunk_size(chunk_size):
    case = random_case()
    ks = (3, 50)
    expected = knn_accuracy(*case, ks=ks)
    assert knn_accuracy(*case, ks=ks, chunk_size=chunk_size) == expected


def test_is_invariant_to_the_length_of_features():
    gallery, gallery_labels, queries, query_labels = random_case()
    expected = knn_accuracy(
        gallery, gallery_labels, queries, query_labels, (9,)
    )
    length = torch.linspace(0.1, 9, len(gallery)).double()[:, None]
    found = knn_accuracy(
        gallery * length, gallery_labels, queries * 7, query_labels, (9,)
    )
    assert found == expected


def test_votes_of_many_queries_are_all_counted():
    # more queries than one chunk of the vote; every fourth label is wrong
    gallery = torch.eye(4)
    target = torch.arange(3000) % 4
    wrong = target.clone()
    wrong[::4] = 3
    found = knn_accuracy(
        gallery, torch.arange(4), gallery[target], wrong, ks=(1,)
    )
    assert found == {1: 75.0}


def at_angles(similarities):
    """Gallery rows in the plane with given similarities to (1, 0)."""
    s = torch.tensor(similarities).double()
    return torch.stack([s, (1 - s**2).sqrt()], dim=1)


def test_temperature_decides_between_near_and_many():
    gallery, labels = at_angles([0.8, 0.8, 0.85]), torch.tensor([0, 0, 1])
    query = torch.tensor([[1.0, 0.0]]).double()

    def share_of_b(temperature):
        target = torch.tensor([1])
        found = knn_accuracy(gallery, labels, query, target, (3,), temperature)
        return found[3]

    assert share_of_b(0.07) == 100
    assert share_of_b(0.2) == 0


@pytest.mark.parametrize(
    ('temperature', 'ratio'), [(0.07, 0.97908315), (0.2, 1.55760147)]
)
def test_weights_of_the_vote(temperature, ratio):
    similarities = torch.tensor([[0.85, 0.8, 0.8]]).double()
    labels = torch.tensor([[1, 0, 0]])
    scores = weighted_vote(similarities, labels, 3, temperature)
    assert scores.shape == (1, 3)
    assert scores[0, 2] == 0
    assert (scores[0, 0] / scores[0, 1]).item() == pytest.approx(ratio, 1e-8)


def test_a_small_temperature_does_not_overflow():
    similarities = torch.tensor([[0.9, 0.8], [-0.9, -0.95]])
    labels = torch.tensor([[1, 0], [0, 1]])
    scores = weighted_vote(similarities, labels, 2, 1e-4)
    assert torch.isfinite(scores).all()
    assert scores.argmax(dim=1).tolist() == [1, 0]


def test_query_class_missing_from_the_gallery_counts_as_wrong():
    gallery = torch.eye(2)
    found = knn_accuracy(
        gallery, torch.tensor([0, 1]), gallery, torch.tensor([0, 9]), ks=(1,)
    )
    assert found == {1: 50.0}


def rejects(match, **changes):
    case = {
        'gallery': torch.randn(8, 3),
        'gallery_labels': torch.arange(8) % 2,
        'queries': torch.randn(4, 3),
        'query_labels': torch.arange(4) % 2,
        'ks': (2, 4),
    }
    with pytest.raises(ValueError, match=match):
        knn_accuracy(**(case | changes))


def test_rejects_unusable_arguments():
    rejects('k = 9 and a gallery of 8 rows', ks=(2, 9))
    rejects(r'k >= 1, got \(0, 4\)', ks=(0, 4))
    rejects(r'k >= 1, got \(\)', ks=())
    rejects('temperature must be positive, got 0', temperature=0)
    rejects('temperature must be positive, got nan', temperature=float('nan'))
    rejects(
        r'gallery labels .* \(7,\) for 8 rows', gallery_labels=torch.arange(7)
    )
    rejects('take a smaller k or a larger gallery', ks=(9,))
    rejects('query labels must be one per row', query_labels=torch.arange(5))
    rejects('query labels must be integers', query_labels=torch.rand(4))
    rejects(
        r'gallery labels must not be negative, but 2 .* first at \[1, 4\]',
        gallery_labels=torch.tensor([0, -1, 0, 0, -2, 0, 0, 0]),
    )
    rejects(r'\(4, 2\) and \(8, 3\)', queries=torch.randn(4, 2))
    rejects(
        r'queries must be finite, but 4 of 4 rows .* \[0, 1, 2, 3\]',
        queries=torch.full((4, 3), float('nan')),
    )
