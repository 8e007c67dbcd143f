"""Time and size of the page of a tree, and how fast a browser opens it.

The default is a tree of ImageNet's size: 1.28 million images and 30,000,
10,000 and 1,000 prototypes, with random embeddings and long file names. Its
thumbnails are parts of photographs, but only one sheet of them is drawn; all
others are links to its file. So the time leaves out reading images, which a
page of a real tree adds: the preview says how long that takes.

Needs selenium, chromium and chromedriver for the browser.
"""

import argparse
import itertools
import resource
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.datasets import load_sample_images

from benchmarks.pages.browser import browser, opened
from hirl_mm.pages import ShownTree, TreePage
from hirl_mm.pages.tree_page.thumbnails import PER_SHEET, draw_sheet
from hirl_mm.structures import PrototypeTree


class LinkedSheets(TreePage):
    """Draws one sheet and links to its file for all others."""

    def write_sheets(self, folder, log):
        first = None
        for shown, _, size, file in self.sheets(folder):
            if first is None:
                draw_sheet(range(PER_SHEET), shown.image, size, file)
                first = file
            else:
                file.hardlink_to(first)
        return []


def photograph_parts() -> list[Image.Image]:
    """256 overlapping squares of two photographs."""
    generator = np.random.default_rng(0)
    parts = []
    for number in range(PER_SHEET):
        photo = load_sample_images().images[number % 2]
        top, left = generator.integers(0, (240, 440))
        part = photo[top : top + 180, left : left + 180]
        parts.append(Image.fromarray(part).resize((96, 96)))
    return parts


def random_tree(
    num_images: int, num_prototypes: tuple[int, ...], dim: int
) -> ShownTree:
    generator = torch.Generator().manual_seed(0)
    parents = [
        torch.randint(coarse, (fine,), generator=generator)
        for fine, coarse in itertools.pairwise(num_prototypes)
    ]
    # Clusters of k-means differ in size, as the square of a uniform number.
    share = torch.rand(num_images, generator=generator).square()
    leaf = (share * num_prototypes[0]).long()
    centroids = [
        F.normalize(torch.randn(num, dim, generator=generator), dim=1)
        for num in num_prototypes
    ]
    rows = torch.empty(num_images, dim, dtype=torch.float16)
    for start in range(0, num_images, 65536):
        part = centroids[0][leaf[start : start + 65536]]
        noise = torch.randn(part.shape, generator=generator) / dim**0.5
        rows[start : start + 65536] = F.normalize(part + noise, dim=1).half()
    labels = (leaf * 1000 // num_prototypes[0] + (leaf % 7 == 0)) % 1000
    parts = photograph_parts()
    return ShownTree(
        PrototypeTree(centroids, parents, leaf),
        [
            f'data/train/n{label:08d}/n{label:08d}_{number}.JPEG'
            for number, label in enumerate(labels.tolist())
        ],
        rows=rows,
        labels=labels,
        class_names=[f'kind of thing number {i}' for i in range(1000)],
        picture=lambda sample: parts[sample % PER_SHEET],
    )


def measure_browser(page: Path, shown: ShownTree) -> None:
    """Print milliseconds since the page was asked for, and since a click."""
    driver = browser()
    script = driver.execute_script
    try:
        first, complete = [], []
        for _ in range(3):
            opened(driver, page, '')
            first.append(script('return +document.body.dataset.firstView'))
            complete.append(driver.execute_async_script(THUMBNAILS))
        print(
            f'first view: {np.median(first):.0f} ms, with all of its '
            f'thumbnails {np.median(complete):.0f} ms; median of 3'
        )
        generator = np.random.default_rng(0)
        for level, num in enumerate(shown.tree.num_prototypes):
            taken, whole = [], []
            for node in generator.integers(0, num, 12).tolist():
                opened(driver, page, f'#/{level}/{node}')
                whole.append(script('return performance.now()'))
                taken.append(script(VIEW))
            print(
                f'12 random nodes of level {level}: median '
                f'{np.median(taken):.0f} ms, slowest {max(taken):.0f} ms; '
                'opened by their address, with the list of groups beside '
                f'them: {np.median(whole):.0f} and {max(whole):.0f} ms'
            )
        opened(driver, page, f'#/image/{len(shown.paths) // 2}')
        print(f'an image: {script(VIEW):.0f} ms')
        for words in ('7654.jpeg', 'number 77'):
            opened(driver, page, f'#/search/{words}')
            taken = driver.execute_async_script(SEARCHED)
            print(f'search for {words!r}, all files: {taken:.0f} ms')
        print(f'messages of the browser: {driver.get_log("browser")}')
    finally:
        driver.quit()


VIEW = 'return +document.getElementById("main").dataset.milliseconds'
THUMBNAILS = """
const done = arguments[0];
const sheets = [...document.querySelectorAll('.picture')]
  .filter((one) => one.style.backgroundImage)
  .map((one) => one.dataset.sheet);
Promise.all([...new Set(sheets)].map((address) => {
  const image = new Image();
  image.src = address;
  return image.decode();
})).then(() => done(performance.now()));
"""
SEARCHED = """
const done = arguments[0];
hirl.searching.then(() => done(performance.now()))
"""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--out', type=Path, required=True, help='folder of the page')
    add('--images', type=int, default=1_281_167)
    add('--prototypes', type=int, nargs='+', default=(30_000, 10_000, 1_000))
    add('--dim', type=int, default=128, help='size of an embedding')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    shown = random_tree(args.images, tuple(args.prototypes), args.dim)
    page = LinkedSheets(shown, title='A tree of the size of ImageNet')
    print(page.preview)
    began, cpu = time.perf_counter(), time.process_time()
    page.write(args.out, log=print)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    files = [f for f in args.out.rglob('*') if f.is_file()]
    sheets = [f for f in files if f.suffix == '.jpg']
    size = sum(f.stat().st_size for f in files)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f'written without drawing: {wall:.0f} s, {cpu:.0f} s of CPU, peak '
        f'memory {peak:.1f} GB; {len(files)} files, {len(sheets)} of them '
        f'sheets, {size / 1e9:.2f} GB'
    )
    measure_browser(args.out, shown)


if __name__ == '__main__':
    main()
