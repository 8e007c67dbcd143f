from hirl_mm.visualization.semantic_tree_layout import place, select_nodes
from tests.trees import tree_of


def test_selection_takes_the_largest_and_skips_the_empty():
    leaf = [0] * 3 + [1] * 5 + [3] * 2 + [4]
    # leaf 2 is empty, and so are leaf 5 and its parent 3
    tree = tree_of(leaf, [0, 0, 0, 1, 2, 3], [1, 0, 0, 0])
    large, small = select_nodes(tree, max_roots=5, max_children=5)
    assert (large.level, large.idx, large.num_rows) == (2, 1, 2)
    assert large.members.tolist() == list(range(8))
    assert [leaf.idx for leaf in large.children[0].children] == [1, 0]
    assert large.children[0].num_children == 2
    assert [child.idx for child in small.children] == [1, 2]
    assert small.num_children == 2
    (only,) = select_nodes(tree, max_roots=1, max_children=1)
    assert [node.idx for node in only.walk()] == [1, 0, 1]
    assert only.children[0].num_children == 2


def test_branches_do_not_overlap():
    tree = tree_of([0, 1, 2, 3, 4], [0, 0, 1, 2, 2], [0, 0, 1])
    roots = select_nodes(tree, 5, 5)
    assert place(roots, top=100, row_height=10, gap=3) == 100 + 5 * 10 + 9
    nodes = [node for root in roots for node in root.walk()]
    for level in range(3):
        spans = sorted((n.top, n.bottom) for n in nodes if n.level == level)
        for above, below in zip(spans[:-1], spans[1:], strict=True):
            assert below[0] >= above[1] + level * 3
    for node in nodes:
        assert node.bottom - node.top >= 10 * node.num_rows
        for child in node.children:
            assert node.top <= child.top < child.bottom <= node.bottom
