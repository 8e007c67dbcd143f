"""What holds for the tree of any features, on any number of ranks."""

import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from hirl_mm.clustering import hierarchical_kmeans
from tests.property_inputs import SEEDS, any_rows, random_rows, shares
from tests.ranks import on_ranks
from tests.test_properties.test_kmeans_properties import CLEAR
from tests.watched_search import WatchedSearch


@st.composite
def prototypes(draw, num_rows, most=8):
    """Numbers of prototypes of one to three levels, from fine to coarse."""
    number = st.integers(1, min(num_rows, most))
    numbers = draw(st.sets(number, min_size=1, max_size=3))
    return sorted(numbers, reverse=True)


@given(any_rows(), st.data())
def test_any_rows_make_a_tree(x, data):
    nums = data.draw(prototypes(len(x)))
    shares = []
    tree = hierarchical_kmeans(
        x,
        nums,
        num_iters=data.draw(st.integers(1, 4)),
        num_restarts=data.draw(st.integers(1, 2)),
        seed=data.draw(SEEDS),
        on_progress=shares.append,
    )
    assert tree.num_prototypes == tuple(nums) and tree.is_complete
    for level, centroids in enumerate(tree.centroids):
        # The mean of opposite rows is zero, which has no direction.
        length = centroids.norm(dim=1)
        assert ((length - 1).abs().minimum(length) < 1e-5).all()
        assert int(tree.sizes(level).sum()) == len(x)
        assert 0 <= tree.objective[level] <= 4 * (len(x), *nums)[level]
    assert shares == sorted(shares)
    assert shares[0] > 0 and abs(shares[-1] - 1) < 1e-9


@given(any_rows(), st.data())
def test_lengths_of_rows_do_not_matter_to_the_bit(x, data):
    nums = data.draw(prototypes(len(x)))
    size = len(x)
    power = st.lists(st.integers(-20, 20), min_size=size, max_size=size)
    scaled = x * torch.tensor(data.draw(power)).exp2()[:, None]
    plain, other = (
        hierarchical_kmeans(rows, nums, num_iters=4, backend=WatchedSearch())
        for rows in (x, scaled)
    )
    assert torch.equal(other.leaf, plain.leaf)
    assert other.objective == plain.objective
    for mine, theirs in zip(other.parents, plain.parents, strict=True):
        assert torch.equal(mine, theirs)
    for mine, theirs in zip(other.centroids, plain.centroids, strict=True):
        assert torch.equal(mine, theirs)


def assert_same(tree, expected, leaf):
    """Check that a tree is the expected one, with the given leaves."""
    assert torch.equal(tree.leaf, leaf)
    for mine, theirs in zip(tree.parents, expected.parents, strict=True):
        assert torch.equal(mine, theirs)
    for mine, theirs in zip(tree.centroids, expected.centroids, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)
    for mine, theirs in zip(tree.objective, expected.objective, strict=True):
        assert abs(mine - theirs) < 1e-4 * (1 + theirs)


@st.composite
def clear_runs(draw, from_tree):
    """Rows, options and their tree, which no rounding can change.

    ``from_tree`` draws by how many the prototypes of the tree of a warm start
    are more; None for a cold start.
    """
    x = draw(random_rows(least=9))
    nums = draw(prototypes(len(x) // 3, most=6))
    options = dict(num_iters=draw(st.integers(1, 4)), seed=draw(SEEDS))
    more = draw(from_tree)
    if more is not None and nums[-1] + more > 0:
        options['start'] = hierarchical_kmeans(
            x.roll(1, 1), [num + more for num in nums], num_iters=2
        )
    search = WatchedSearch()
    tree = hierarchical_kmeans(x, nums, backend=search, **options)
    assume(search.gap > CLEAR)
    return x, dict(options, num_prototypes=nums), tree


@given(clear_runs(st.sampled_from([None, -1, 0, 1])), st.data())
def test_any_ranks_build_the_tree_of_one(run, data):
    x, options, expected = run
    parts = data.draw(shares(len(x)))
    options['backend'] = data.draw(st.sampled_from(['torch', 'faiss']))
    found = on_ranks(
        len(parts),
        lambda rank: hierarchical_kmeans(
            x[parts[rank]], sample_idx=parts[rank], **options
        ),
    )
    for tree in found:
        assert_same(tree, expected, expected.leaf)
        assert torch.equal(tree.leaf, found[0].leaf)


@given(clear_runs(st.sampled_from([0, 1])), st.data())
def test_permuted_images_from_a_tree_have_their_own_leaves(run, data):
    """A start that draws no rows, since the tree has enough prototypes."""
    x, options, expected = run
    order = torch.tensor(data.draw(st.permutations(range(len(x)))))
    tree = hierarchical_kmeans(x[order], **options)
    assert_same(tree, expected, expected.leaf[order])
