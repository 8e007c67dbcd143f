"""What using a tree costs per image, beside decoding the image.

All steps of tools/assign.py, tools/curate.py and tools/retrieve.py that come
after the embeddings: leaves, records with similarities, outliers, near
duplicates, a balanced draw, and a query that is compared with all images. The
tree has random rows as prototypes. For comparison a JPEG of ImageNet's mean
size is decoded and resized to 224 pixels with Pillow.
"""

import io
import tempfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.clustering.features import mixture
from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_clock,
    add_seed,
    new_parser,
    parse,
    report,
)
from benchmarks.common.tables import aligned_table
from benchmarks.common.threads import threads
from benchmarks.common.timing import CLOCKS
from hirl_mm.hierarchy import (
    draw_balanced,
    duplicate_groups,
    nearest_images,
    nearest_prototypes,
    similarity_to_others,
)
from hirl_mm.hierarchy.image_records import PATH_SCHEMA, path_records
from hirl_mm.hierarchy.record_files import write_records
from hirl_mm.structures import EmbeddedImages, PrototypeTree

QUICK = dict(num=400, dim=16, num_prototypes=[30, 8, 2])
_NUM_DECODED = 20
_SIZE = 500, 375


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_clock(parser)
    add = parser.add_argument
    add('--num', type=int, default=100_000, help='images N')
    add('--dim', type=int, default=256, help='coordinates D')
    add(
        '--num-prototypes',
        type=int,
        nargs='+',
        default=[2000, 400, 40],
        help='prototypes per level',
    )
    add('--threshold', type=float, default=0.98, help='of near duplicates')
    return parse(parser, QUICK, at_least_one=('num', 'dim'))


def main() -> None:
    args = parse_args()
    with threads(1):
        seconds = measure(args, CLOCKS[args.clock])
    rows = [
        (name, f'{spent:.2f}', f'{1e6 * spent / num:.1f}')
        for name, (spent, num) in seconds.items()
    ]
    found = {
        name: dict(seconds=spent, images=num)
        for name, (spent, num) in seconds.items()
    }
    table = aligned_table(('step', 's', 'µs per image'), rows)
    report(args, describe('cpu'), found, table)


def measure(
    args: Namespace, clock: Callable[[], float]
) -> dict[str, tuple[float, int]]:
    """Return seconds, and of how many images, by step."""
    images = embedded(args.num, args.dim, args.num_prototypes, args.seed)
    rows, tree, leaf = images.rows, images.tree, images.leaf
    found = {}

    def time(name: str, call: Callable, num: int = args.num) -> None:
        start = clock()
        call()
        found[name] = clock() - start, num

    time('leaves', lambda: nearest_prototypes(rows, tree.centroids[0]))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, 'paths.jsonl')
        records = path_records(images)
        time('records', lambda: write_records(out, PATH_SCHEMA, records))
    time('outliers', lambda: similarity_to_others(rows, leaf, tree))
    prototypes, least = tree.centroids[0], args.threshold
    time('duplicates', lambda: duplicate_groups(rows, prototypes, least))
    nums, num = tree.num_prototypes, args.num // 4
    time('draw', lambda: draw_balanced(leaf, tree.parents, nums, num))
    time('a query', lambda: nearest_images(rows[:1].float(), rows, 10))
    jpeg = photograph(args.seed)
    time(
        'decoding',
        lambda: [decoded(jpeg) for _ in range(_NUM_DECODED)],
        _NUM_DECODED,
    )
    return found


def embedded(
    num: int, dim: int, num_prototypes: list[int], seed: int
) -> EmbeddedImages:
    """Return images in a tree whose prototypes are random rows."""
    rows = mixture(num, dim, seed)
    generator = torch.Generator().manual_seed(seed)
    centroids: list[Tensor] = []
    for size in num_prototypes:
        chosen = torch.randperm(num, generator=generator)[:size]
        centroids.append(rows[chosen])
    parents = [
        nearest_prototypes(fine, coarse)
        for fine, coarse in zip(centroids, centroids[1:], strict=False)
    ]
    leaf = nearest_prototypes(rows, centroids[0])
    tree = PrototypeTree(centroids, parents, leaf)
    return EmbeddedImages(tree, ['a.jpg'] * num, rows.half(), leaf)


def photograph(seed: int) -> bytes:
    """Return a JPEG of about 100 kB, as ImageNet's are."""
    noise = np.random.default_rng(seed).integers(0, 255, (47, 63, 3))
    image = Image.fromarray(noise.astype(np.uint8)).resize(_SIZE)
    file = io.BytesIO()
    image.save(file, 'JPEG', quality=95)
    return file.getvalue()


def decoded(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert('RGB').resize((224, 224))


if __name__ == '__main__':
    main()
