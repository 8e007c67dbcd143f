"""Find the training images nearest to images, or to prototypes of the tree.

Similarity is the cosine of embeddings. All images are compared, or with
--index ivf those in the nearest leaves alone, by an index of faiss that is
kept in RUN_FOLDER/hierarchy. An image that is among the training images is
not found for itself. A record per found image is written: query, rank, file,
similarity, path, and whether it is in the leaf (or is a member of the
prototype) of the query.
"""

import argparse
import sys
from pathlib import Path

from hirl_mm.options import (
    ToolParser,
    add_hierarchy_options,
    prototype_name,
    run_tool,
)
from hirl_mm.stack import check_stack


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Example: python tools/retrieve.py work_dirs/run --image '
        'a.jpg b.jpg -k 10 --picture nearest.png',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_hierarchy_options(parser)
    query = parser.add_mutually_exclusive_group(required=True)
    query.add_argument(
        '--image',
        nargs='+',
        metavar='FILE',
        help='image files, and folders of images, to search for',
    )
    query.add_argument(
        '--prototype',
        nargs='+',
        type=prototype_name,
        metavar='LEVEL:NODE',
        help='prototypes to search for, such as 0:17',
    )
    add = parser.add_argument
    add('-k', type=int, default=10, help='images to find (default: 10)')
    add(
        '--index',
        choices=('none', 'ivf'),
        default='none',
        help='none: compare with all images; ivf: with those in --leaves '
        'leaves (default: %(default)s)',
    )
    add(
        '--leaves',
        type=int,
        default=32,
        help='leaves that --index ivf searches (default: %(default)s)',
    )
    add(
        '--out',
        type=Path,
        help='file of the records, .jsonl or .parquet (default: JSON lines '
        'on the standard output)',
    )
    add('--picture', type=Path, help='picture of the images, such as out.png')
    args = parser.parse_args()
    if args.k < 1 or args.leaves < 1:
        parser.error('-k and --leaves must be at least 1')
    return args


def main(args: argparse.Namespace) -> None:
    check_stack()
    from hirl_mm.hierarchy.record_files import (
        check_record_file,
        json_lines,
        write_records,
    )
    from hirl_mm.studies.hierarchy_use import image_files, retrieved, search
    from hirl_mm.studies.run_hierarchy import open_hierarchy
    from hirl_mm.visualization.picture_format import check_picture_format

    if args.out:
        check_record_file(args.out)
    if args.picture:
        check_picture_format(args.picture)
    files = image_files(args.image or ())
    hierarchy = open_hierarchy(
        args.run, args.checkpoint, args.trust_checkpoint
    )
    reading = args.batch_size, args.num_workers
    images = hierarchy.training_images(*reading)
    if files:
        found = hierarchy.images_of(files, images.tree, 'queries', *reading)
        queries = retrieved.image_queries(found)
    else:
        queries = [
            retrieved.prototype_query(images, *node) for node in args.prototype
        ]
    index = hierarchy.folder / 'images.faiss' if args.index == 'ivf' else None
    found = search(images, queries, args.k, index, args.leaves)
    records = retrieved.found_records(images, queries, found)
    if args.out:
        num = write_records(args.out, retrieved.FOUND_SCHEMA, records)
        print(f'{args.out}: {num} images for {len(queries)} queries')
    else:
        sys.stdout.writelines(json_lines(retrieved.FOUND_SCHEMA, records))
    if args.picture:
        retrieved.draw_found(images, queries, found, args.picture)
        print(f'{args.picture}: written', file=sys.stderr)


if __name__ == '__main__':
    run_tool(parse_args, main)
