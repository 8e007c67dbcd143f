"""What is told of features that get worse, when, and how often."""

import math
import re
from dataclasses import replace

import pytest

from hirl_mm.evaluation.feature_health import (
    FeatureHealth,
    knn_margin,
    tree_use,
)
from hirl_mm.evaluation.health_watch import HealthWatch

FIRST = FeatureHealth(40.0, 0.5, 68.0, 1000, 0.8)


def told(now, first=FIRST, min_share=0.5):
    return [text for text in now.faults(first, min_share).values() if text]


def test_as_good_as_at_the_start():
    assert told(FIRST) == []
    assert told(FeatureHealth(20.0, 0.25, 65.1, 1000, 0.4)) == []


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (dict(rank=19.9), 'effective rank of the features is 19.9, it was 40'),
        (dict(spread=0.24), r'spread of the features is 0.24 \(.*was 0.5 at'),
        (
            dict(knn=61.2),
            'kNN 61.2 % is below the 68.0 % of the initial weights '
            r'\(chance explains 2.9 points with 1000 images\)',
        ),
        (dict(tree_use=0.39), 'use 39% of the prototypes .* first .* 80%'),
    ],
)
def test_one_fault(change, text):
    (found,) = told(replace(FIRST, **change))
    assert re.search(text, found), found


def test_share_of_the_start():
    now = replace(FIRST, rank=19.0)
    assert told(now, min_share=0.4) == []
    assert len(told(now, min_share=0.6)) == 1


def test_chance_of_an_accuracy():
    """Two standard errors of a share, with an image of either outcome."""
    assert knn_margin(50.0, 398) == pytest.approx(200 * 0.5 / 20)
    assert knn_margin(100.0, 98) == pytest.approx(
        200 * math.sqrt(0.99 * 0.01 / 100)
    )
    assert knn_margin(0.0, 98) == pytest.approx(knn_margin(100.0, 98))


def test_use_of_prototypes():
    assert tree_use(math.log(8), 8) == pytest.approx(1)
    assert tree_use(0.0, 8) == pytest.approx(1 / 8)


def test_only_what_there_is_is_judged_and_logged():
    bare = FeatureHealth(40.0, 0.5)
    assert told(bare) == told(FIRST, first=bare) == []
    assert set(bare.scalars()) == {
        'health/effective_rank',
        'health/feature_spread',
    }
    assert FIRST.scalars()['health/knn'] == 68.0
    assert FIRST.scalars()['health/tree_use'] == 0.8
    assert 'kNN' not in bare.line(FIRST)
    assert FIRST.line(FIRST).endswith(
        'kNN % 68.0 (68.0), prototypes used 80% (80%)'
    )


def test_a_fault_is_told_once_with_advice_and_so_is_its_end():
    watch = HealthWatch(0.5)
    low = replace(FIRST, knn=60.0)
    both = replace(low, rank=1.0)
    assert watch.add(0, FIRST) == ([], [])
    (new,), ended = watch.add(3, low)
    assert new.startswith('since epoch 3, kNN 60.0 % is below')
    assert 'lower learning rate' in new
    assert not ended
    assert watch.add(4, replace(FIRST, knn=59.0)) == ([], [])
    (new,), ended = watch.add(5, both)
    assert new.startswith('since epoch 5, the effective rank')
    assert [text[:25] for text in watch.present()] == [
        'since epoch 5, the effect',
        'since epoch 3, kNN 60.0 %',
    ]
    ended = ['spread of the features (at fault since epoch 5)']
    assert watch.add(6, low) == ([], ended)
    ended = ['kNN accuracy (at fault since epoch 3)']
    assert watch.add(7, FIRST) == ([], ended)
    assert watch.add(8, low)[0][0].startswith('since epoch 8')
    assert watch.last_good == 7


def test_what_comes_later_has_its_own_start():
    """The first tree and the first probe are what later ones are under."""
    watch = HealthWatch(0.5)
    watch.add(0, FeatureHealth(40.0, 0.5))
    assert watch.add(2, FIRST) == ([], [])
    assert watch.first == replace(FIRST, num_queries=0)
    ((new,), _) = watch.add(3, replace(FIRST, tree_use=0.1))
    assert 'first tree used 80%' in new


def test_broken_features():
    watch = HealthWatch(0.5)
    watch.add(0, FIRST)
    (text,) = watch.add_broken(1, '3 rows hold NaN')
    assert text.startswith('since epoch 1, 3 rows hold NaN. Gradients')
    assert watch.add_broken(2, '3 rows hold NaN') == []
    assert watch.num_bad == 2
    ended = ['finite features (at fault since epoch 1)']
    assert watch.add(3, FIRST) == ([], ended)
    assert watch.num_bad == 0


def counts(*measured):
    watch = HealthWatch(0.5)
    found = []
    for epoch, now in enumerate((FIRST, *measured)):
        watch.add(epoch, now)
        found.append(watch.num_bad)
    return found[1:]


def of_knn(knn, **change):
    return replace(FIRST, knn=knn, **change)


def test_how_long_features_are_worse():
    assert counts(of_knn(60.0), of_knn(59.0), of_knn(58.0)) == [1, 2, 3]
    assert counts(of_knn(60.0), FIRST, of_knn(60.0)) == [1, 0, 1]


def test_features_that_recover_are_no_reason_to_stop():
    rising = counts(*map(of_knn, (50.0, 52.0, 55.0, 54.0, 53.0, 56.0)))
    assert rising == [1, 0, 0, 1, 2, 0]
    collapsed = (of_knn(knn, rank=1.0) for knn in (50.0, 52.0, 55.0))
    assert counts(*collapsed) == [1, 2, 3]


def test_epochs_without_a_probe_do_not_count():
    none = of_knn(None)
    assert counts(of_knn(60.0), none, none, of_knn(59.0)) == [1, 1, 1, 2]


def test_state_goes_on():
    first, second = HealthWatch(0.5), HealthWatch(0.5)
    second.load_state_dict(first.state_dict())
    assert second.first is None
    for epoch, now in enumerate((FIRST, of_knn(50.0), of_knn(52.0))):
        first.add(epoch, now)
    second.load_state_dict(first.state_dict())
    for now in (of_knn(51.0), of_knn(53.0), FIRST):
        assert first.add(3, now) == second.add(3, now)
        assert vars(first) == vars(second)
