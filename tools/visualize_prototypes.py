"""Draw the images and patches nearest to the prototypes of a trained model.

Of SS-PRL, every scale has prototypes: scale 0 of whole images, the others of
patches. The patches come from a fixed grid over the whole image. Of HIRL,
every level of the tree in the checkpoint has prototypes of whole images. For
some prototypes of each, the picture shows the patches or images with the
largest cosine similarity.
"""

import argparse
from pathlib import Path

from hirl_mm.options import (
    ToolParser,
    add_config_options,
    add_reading_options,
    add_trust_option,
    run_tool,
)
from hirl_mm.stack import check_stack


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog="""\
Examples:
  python tools/visualize_prototypes.py work_dirs/run
  python tools/visualize_prototypes.py CONFIG work_dirs/run/epoch_20.pth \\
      --show 'scale 2' --prototypes 3 17 42 --out tires.png
The images are those of the training; for others, change the config, such as
with --cfg-options train_dataloader.dataset.data_root=data/others.""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        'run',
        type=Path,
        metavar='RUN_FOLDER|CONFIG',
        help='work folder of the training, whose config and last checkpoint '
        'are used; or the config of the training, followed by a checkpoint',
    )
    add('checkpoint', nargs='?', help='checkpoint of that training')
    add(
        '--out',
        type=Path,
        help='picture to write; a table (.md) and all values (.json) are '
        'written beside it (default: prototypes.png beside the checkpoint)',
    )
    default = ' (default: %(default)s)'
    add(
        '--show',
        nargs='+',
        metavar='NAME',
        help="scales and levels to show, such as 'scale 2' 'level 0' "
        '(default: all)',
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        '--prototypes',
        type=int,
        nargs='+',
        metavar='NUMBER',
        help='prototypes to show, of every scale or level',
    )
    chosen.add_argument(
        '--num-prototypes',
        type=int,
        default=8,
        help='number of prototypes to show of every scale or level, from that '
        'with the most patches or images to that with the fewest' + default,
    )
    add(
        '--per-prototype',
        type=int,
        default=8,
        help='patches or images per prototype' + default,
    )
    add(
        '--several-per-image',
        action='store_true',
        help='show all near patches of an image; without this, only the '
        'nearest one, since its neighbours would fill the row',
    )
    add('--title', help='first line of the picture')
    add_reading_options(parser, batch_size=64)
    try:
        add_config_options(parser)
    except ImportError:
        check_stack()
        raise
    add_trust_option(parser)
    args = parser.parse_args()
    for name, least in (
        ('num_prototypes', 1),
        ('per_prototype', 1),
        ('batch_size', 1),
        ('num_workers', 0),
    ):
        if getattr(args, name) < least:
            parser.error(
                f'--{name.replace("_", "-")} must be at least {least}, got '
                f'{getattr(args, name)}'
            )
    return args


def draw(args: argparse.Namespace) -> None:
    from hirl_mm.engine.evaluation.prototypes import prototypes_of_run
    from hirl_mm.engine.runtime.config_file import read_config
    from hirl_mm.engine.runtime.found_config import read_found_config
    from hirl_mm.studies.prototype_report import write_prototype_report
    from hirl_mm.studies.run_folder import RunFolder
    from hirl_mm.visualization.picture_format import check_picture_format

    config, checkpoint = args.run, args.checkpoint
    if checkpoint is None:
        if not args.run.is_dir():
            raise ValueError(
                f'{args.run} is no work folder of a training: give one, or a '
                'config and a checkpoint'
            )
        config = RunFolder(args.run).config_file()
        checkpoint = RunFolder(args.run).last_checkpoint()
        cfg = read_found_config(config, args.trust_checkpoint)
    else:
        cfg = read_config(str(config))
    out = args.out or Path(checkpoint).parent / 'prototypes.png'
    check_picture_format(out)
    found, images = prototypes_of_run(
        cfg,
        str(checkpoint),
        args.cfg_options,
        args.trust_checkpoint,
        show=args.show,
        num_prototypes=args.num_prototypes,
        num_nearest=args.per_prototype,
        chosen=args.prototypes,
        one_per_image=not args.several_per_image,
        batch_size=args.batch_size,
        num_workers=args.num_workers,
    )
    table = write_prototype_report(
        out.with_suffix('.md'),
        found,
        images,
        title=args.title or f'Prototypes of {Path(config).stem}',
        picture=out.suffix,
        config=str(config),
        checkpoint=str(checkpoint),
    )
    print(table, end='')
    print(f'written to {out}, with a table (.md) and all values (.json)')


def main(args: argparse.Namespace) -> None:
    check_stack()
    draw(args)


if __name__ == '__main__':
    run_tool(parse_args, main)
