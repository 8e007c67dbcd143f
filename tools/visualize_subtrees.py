"""Draw subtrees of a trained hierarchy with the images nearest to them."""

import argparse
from pathlib import Path

from hirl_mm.options import ToolParser, add_hierarchy_options, run_tool

EPILOG = """\
Figures 3 and 4 of the HIRL paper: a prototype, its largest branches, and
theirs. --images draws the coarsest branch of an image. Without --nodes and
--images, the largest prototypes of the coarsest level are drawn; they are not
chosen for looking good.

Examples:
  python tools/visualize_subtrees.py work_dirs/hirl-dino
  python tools/visualize_subtrees.py work_dirs/hirl-dino --nodes 2:17 1:40 \\
      --max-children 3 --format svg --out pictures
"""


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_hierarchy_options(parser)
    add = parser.add_argument
    add(
        '--nodes',
        nargs='+',
        metavar='LEVEL:INDEX',
        default=[],
        help='prototypes to draw; level 0 is the finest',
    )
    add(
        '--images',
        nargs='+',
        metavar='IMAGE',
        default=[],
        help='training images whose branch to draw, by path or its end',
    )
    add(
        '--num',
        type=int,
        default=2,
        help='number of subtrees without --nodes and --images (default: '
        '%(default)s)',
    )
    add(
        '--max-children',
        type=int,
        default=2,
        help='children per prototype, 1 to 4 (default: %(default)s, as in '
        'the paper)',
    )
    add(
        '--random',
        action='store_true',
        help='show random images of every prototype, not the nearest ones',
    )
    add('--seed', type=int, default=0, help='seed of random images')
    add('--format', choices=['png', 'svg', 'pdf'], default='png')
    add(
        '--out',
        type=Path,
        help='folder of the pictures (default: RUN_FOLDER/subtrees)',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    from hirl_mm.engine.features.tree_images import images_of_config
    from hirl_mm.studies.run_hierarchy import open_hierarchy
    from hirl_mm.studies.subtree_choice import (
        largest_subtrees,
        parse_node,
        subtree_of_image,
    )
    from hirl_mm.visualization import draw_subtree

    hierarchy = open_hierarchy(
        args.run, args.checkpoint, args.trust_checkpoint
    )
    embedded = hierarchy.training_images(args.batch_size, args.num_workers)
    tree = embedded.tree
    nodes = [parse_node(text, tree) for text in args.nodes]
    nodes += [subtree_of_image(embedded, name) for name in args.images]
    nodes = nodes or largest_subtrees(tree, args.num)
    images = images_of_config(tree, hierarchy.cfg)['images']
    for level, node in nodes:
        out = args.out or args.run / 'subtrees'
        out = out / f'level{level}_prototype{node}.{args.format}'
        draw_subtree(
            tree,
            images,
            out,
            level=level,
            node=node,
            rows=None if args.random else embedded.rows,
            labels=embedded.labels,
            class_names=embedded.class_names or None,
            max_children=args.max_children,
            seed=args.seed,
        )
        print(f'written to {out}')


if __name__ == '__main__':
    run_tool(parse_args, main)
