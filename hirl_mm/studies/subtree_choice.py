"""Which subtrees to draw, by name or by size."""

import re

from hirl_mm.structures import EmbeddedImages, PrototypeTree

_NODE = re.compile(r'(\d+):(\d+)')


def parse_node(text: str, tree: PrototypeTree) -> tuple[int, int]:
    """Return the level and the index of a prototype.

    Args:
        text: ``LEVEL:INDEX``, such as ``'2:17'``.
        tree: Tree that has the prototype.

    Raises:
        ValueError: If the text has another form, or there is no such
            prototype.
    """
    found = _NODE.fullmatch(text)
    if not found:
        raise ValueError(
            f'a prototype is given as LEVEL:INDEX, such as 2:17, got {text!r}'
        )
    level, idx = map(int, found.groups())
    nums = tree.num_prototypes
    if level >= len(nums) or idx >= nums[level]:
        raise ValueError(
            f'there is no prototype {text}: levels 0 to {len(nums) - 1} have '
            f'{" / ".join(map(str, nums))} prototypes'
        )
    return level, idx


def subtree_of_image(images: EmbeddedImages, name: str) -> tuple[int, int]:
    """Return the prototype of the top level on the path of an image.

    Args:
        images: Images with their tree.
        name: Path of one of them, or the end of it.

    Returns:
        Level and index.

    Raises:
        ValueError: If there is no such image, more than one, or one that
            could not be read.
    """
    found = [
        index
        for index, path in enumerate(images.paths)
        if path == name or path.endswith(f'/{name.lstrip("/")}')
    ]
    if len(found) != 1:
        number = f'{len(found)} of' if found else 'none of'
        raise ValueError(
            f'{number} the training images are {name}: give a path, or the '
            'end of it, that one of them has'
        )
    if images.leaf[found[0]] < 0:
        raise ValueError(f'{name} could not be read, so it is in no branch')
    top = images.tree.num_levels - 1
    path = images.tree.paths(images.leaf[found])
    return top, int(path[0, top])


def largest_subtrees(tree: PrototypeTree, num: int) -> list[tuple[int, int]]:
    """Return the largest prototypes of the top level that branch.

    Args:
        tree: The tree.
        num: Largest number of prototypes to return.

    Returns:
        Level and index, the largest first. Those without two children that
        have images come last, those without images are left out.
    """
    tree = tree.to('cpu')
    top = tree.num_levels - 1
    sizes = tree.sizes(top)

    def branches(idx: int) -> bool:
        if not top:
            return True
        below = tree.sizes(top - 1)[tree.children(top, idx)]
        return int((below > 0).sum()) > 1

    found = [idx for idx in range(len(sizes)) if sizes[idx]]
    found.sort(key=lambda idx: (not branches(idx), -int(sizes[idx])))
    return [(top, idx) for idx in found[:num]]
