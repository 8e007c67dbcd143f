"""Draw the features of trainings in the plane, by class and by prototype."""

import argparse
from pathlib import Path

from hirl_mm.options import (
    ToolParser,
    add_reading_options,
    add_trust_option,
    run_tool,
)

EPILOG = """\
Figure 2 of the HIRL paper: a column per network, a row colored by class (if
there are labels) and a row per level of the tree. The same seed shows the
same images of all networks that have the same images.

Examples:
  python tools/visualize_features.py work_dirs/hirl-moco --out features.png
  python tools/visualize_features.py moco.pth work_dirs/hirl-moco \\
      --names 'MoCo v2' 'HIRL-MoCo v2' --num-classes 20 --out features.svg
"""


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        'sources',
        nargs='+',
        type=Path,
        metavar='SOURCE',
        help='work folder of a training with HIRL, or file of '
        'tools/extract_features.py (no levels)',
    )
    add(
        '--out',
        type=Path,
        default='features.png',
        help='picture to write; its suffix chooses the format, such as .svg '
        '(default: %(default)s)',
    )
    add('--names', nargs='+', help='names of the columns (default: files)')
    add('--title', help='title of the picture (default: what it shows)')
    add(
        '--method',
        choices=['tsne', 'umap'],
        default='tsne',
        help='umap needs the package umap-learn (default: %(default)s)',
    )
    add(
        '--num',
        type=int,
        default=3000,
        help='most images per column, drawn at random (default: %(default)s)',
    )
    classes = parser.add_mutually_exclusive_group()
    classes.add_argument(
        '--num-classes',
        type=int,
        dest='classes',
        help='show images of the first classes only (the paper: 20)',
    )
    classes.add_argument(
        '--classes',
        nargs='+',
        metavar='NAME',
        help='show images of these classes only',
    )
    add('--seed', type=int, default=0, help='of the draw and of the method')
    add_reading_options(parser)
    add_trust_option(parser)
    args = parser.parse_args()
    args.names = args.names or [source.stem for source in args.sources]
    if len(args.names) != len(args.sources):
        parser.error(
            f'--names must name {len(args.sources)} columns, got '
            f'{len(args.names)} names'
        )
    return args


def main(args: argparse.Namespace) -> None:
    from hirl_mm.studies.embedding_columns import read_columns
    from hirl_mm.visualization import draw_embedding_panels
    from hirl_mm.visualization.picture_format import check_picture_format

    check_picture_format(args.out)
    columns = read_columns(
        args.sources,
        args.names,
        (args.batch_size, args.num_workers),
        args.trust_checkpoint,
        num=args.num,
        classes=args.classes,
        method=args.method,
        seed=args.seed,
    )
    name = dict(tsne='t-SNE', umap='UMAP')[args.method]
    nums = ' and '.join(f'{len(c.points):,}' for c in columns)
    title = args.title or f'{name} of {nums} images'
    draw_embedding_panels(columns, args.out, title=title)
    print(f'written to {args.out}')


if __name__ == '__main__':
    run_tool(parse_args, main)
