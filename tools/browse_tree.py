"""Write a page that shows a tree of prototypes with its images.

The page is a folder of files that opens from disk in any browser: groups with
the images nearest to their centres, the path of every image, search, and what
moved between two trees.
"""

import argparse
from pathlib import Path

from hirl_mm.options import ToolParser, add_tree_options, run_tool
from hirl_mm.stack import check_stack


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog="""\
Examples:
  python tools/browse_tree.py work_dirs/run --out tree
  python tools/browse_tree.py work_dirs/run/prototype_trees/epoch_20.pth \\
      --compare work_dirs/run/prototype_trees/epoch_100.pth
Then open tree/index.html.""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        'tree',
        type=Path,
        metavar='RUN_FOLDER|TREE',
        help='work folder of a training with HIRL; or a tree file, of which '
        'the page shows random images, but no similarities',
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        '--data',
        type=Path,
        metavar='FOLDER',
        help='folder of the images of a tree file that is in no run',
    )
    source.add_argument('--config', help='config of such a tree file')
    add(
        '--compare',
        type=Path,
        metavar='RUN_FOLDER|TREE',
        help='another tree of the same images, to show what moved',
    )
    add(
        '--out',
        type=Path,
        default='tree',
        help='folder to write (default: %(default)s)',
    )
    add('--title', help='title of the page (default: name of the tree)')
    add(
        '--images-per-node',
        type=int,
        default=12,
        help='thumbnails of a group (default: %(default)s)',
    )
    add(
        '--thumbnail-size',
        type=int,
        default=96,
        help='largest side of a thumbnail in pixels (default: %(default)s)',
    )
    add('--preview', action='store_true', help='only print the size')
    add(
        '--export',
        type=Path,
        metavar='FILE.parquet',
        help='also write a table with coordinates, for embedding-atlas',
    )
    add_tree_options(parser)
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    check_stack()
    from hirl_mm.pages import TreePage
    from hirl_mm.pages.image_table import write_image_table
    from hirl_mm.studies.shown_trees import other_tree, shown_tree

    trust = args.trust_checkpoint
    reading = dict(batch_size=args.batch_size, num_workers=args.num_workers)
    given = args.tree, args.data, args.config, args.checkpoint, trust
    shown = shown_tree(*given, **reading)
    other = None
    if args.compare:
        other = other_tree(shown, args.compare, trust, **reading)
    page = TreePage(
        shown,
        other,
        title=args.title or f'Tree of {shown.name}',
        images_per_node=args.images_per_node,
        largest=args.thumbnail_size,
    )
    print(page.preview)
    if args.preview:
        return
    if args.export:
        method = write_image_table(shown, args.export)
        print(f'{args.export}: coordinates of {method}')
    unread = page.write(args.out, log=print)
    if unread:
        print(f'{len(unread)} images could not be read, such as {unread[0]!r}')
    print(f'open {args.out / "index.html"}')


if __name__ == '__main__':
    run_tool(parse_args, main)
