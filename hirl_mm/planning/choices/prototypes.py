"""How many prototypes a tree of N images has."""

# Numbers of the paper, section 5.1, for the 1,281,167 images of ImageNet.
_PAPER_IMAGES = 1_281_167
_PAPER = (30_000, 10_000, 1_000)
# Fewer images per prototype make a small tree finer: the recipe of the demo.
_IMAGES_PER_LEAF = 25
_SMALL = 50_000
_MIN_LEAVES = 4
# A level with fewer branches than this shows nothing.
_MIN_BRANCHES = 3
_MIN_TOP = 10


def prototypes_per_level(num_images: int) -> tuple[int, ...]:
    """Return the numbers of prototypes from fine to coarse.

    The paper has 43 images per prototype of the finest level, a third as many
    prototypes above and a tenth of these at the top. Below 50,000 images
    there are 25 images per prototype, but at least four prototypes, and, if
    there can be, ten at the top.
    Levels that would have less than three branches are left out.

    Args:
        num_images: Number of images.

    Example:
        >>> prototypes_per_level(1_281_167), prototypes_per_level(1500)
        ((30000, 10000, 1000), (60, 20, 10))
        >>> prototypes_per_level(100)
        (4,)
    """
    per_leaf = _PAPER_IMAGES / _PAPER[0]
    if num_images < _SMALL:
        per_leaf = _IMAGES_PER_LEAF
    fine = max(_MIN_LEAVES, _rounded(num_images / per_leaf))
    middle = _rounded(fine / 3)
    top = min(max(_MIN_TOP, _rounded(middle / 10)), middle // 2)
    levels = [fine]
    for number in (middle, top):
        if _MIN_BRANCHES <= number < levels[-1]:
            levels.append(number)
    return tuple(levels)


def _rounded(number: float) -> int:
    """Round to two significant digits."""
    number = round(number)
    unit = 10 ** max(0, len(str(number)) - 2)
    return round(number / unit) * unit
