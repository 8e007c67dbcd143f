"""Find the path of images through the tree of a training with HIRL."""

import argparse
import sys
from pathlib import Path

from hirl_mm.options import add_reading_options, add_trust_option
from hirl_mm.stack import StackError, check_stack


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Example: python tools/assign.py work_dirs/run a.jpg photos/',
    )
    add = parser.add_argument
    add('run', type=Path, metavar='RUN_FOLDER', help='folder of the training')
    add(
        'images',
        nargs='*',
        help='image files and folders (default: the training images)',
    )
    add('--checkpoint', help='checkpoint of the run (default: its last one)')
    add(
        '--out',
        type=Path,
        help='file to write, a JSON object per line (default: paths.jsonl in '
        'RUN_FOLDER/hierarchy)',
    )
    add_reading_options(parser)
    add_trust_option(parser)
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    check_stack()
    import json

    from hirl_mm.datasets.image_folder import load_images
    from hirl_mm.files import replacing
    from hirl_mm.studies.run_hierarchy import open_hierarchy

    hierarchy = open_hierarchy(
        args.run, args.checkpoint, args.trust_checkpoint
    )
    reading = args.batch_size, args.num_workers
    found = hierarchy.training_images(*reading)
    if args.images:
        paths = []
        for image in args.images:
            is_folder = Path(image).is_dir()
            paths += load_images(image)['images'] if is_folder else [image]
        found = hierarchy.images_of(paths, found.tree, 'assigned', *reading)
    out = args.out or hierarchy.folder / 'paths.jsonl'
    places = found.tree.paths(found.leaf).tolist()
    with replacing(out) as temporary, open(temporary, 'w') as file:
        for path, place in zip(found.paths, places, strict=True):
            file.write(json.dumps(dict(image=path, path=place)) + '\n')
    print(f'{out}: {len(found)} images')


if __name__ == '__main__':
    try:
        main(parse_args())
    except (StackError, ValueError, OSError) as error:
        sys.exit(f'error: {error}')
