"""Compare the projections of a network level by level, as HCCL's paper does.

The tool passes the validation images of the config (knn_queries) through
backbone and projector. It compares two random views of every image, made by
the pipeline of the training, within a level and across levels, and the images
of a class with each other and with those of other classes (section A.5 of the
paper: Figures 5 and 6). It needs the config of a method whose projector
returns one projection per level, such as HCCL, SimSiam (one level) or BYOL.
"""

import argparse
from pathlib import Path

from hirl_mm.options import (
    ToolParser,
    add_reading_options,
    add_trust_option,
    run_tool,
)


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Example: python tools/analyze_levels.py '
        'configs/debug/simsiam_resnet18_1xb64-4e_digits.py '
        'work_dirs/simsiam/epoch_4.pth --out work_dirs/levels/simsiam',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config', help='pre-training config')
    add('checkpoint', help='checkpoint of that pre-training')
    add(
        '--out',
        type=Path,
        help='folder for levels.md, levels.json and levels.png (default: '
        'work_dirs/levels/NAME_OF_CONFIG)',
    )
    add(
        '--seed',
        type=int,
        default=0,
        help='seed of the random views (default: %(default)s)',
    )
    add_reading_options(parser)
    add_trust_option(parser)
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    # Imported here, so that --help does not wait for PyTorch.
    from hirl_mm.engine.evaluation.level_analysis import analyse_levels
    from hirl_mm.engine.features.dataset_features import evaluation_config
    from hirl_mm.studies.level_report import write_level_report

    out = args.out or Path('work_dirs/levels', Path(args.config).stem)
    analysis = analyse_levels(
        evaluation_config(args.config),
        args.checkpoint,
        trust=args.trust_checkpoint,
        batch_size=args.batch_size,
        num_workers=args.num_workers,
        seed=args.seed,
    )
    table = write_level_report(
        out,
        analysis,
        config=args.config,
        checkpoint=args.checkpoint,
        seed=args.seed,
    )
    print(table, end='')
    print(f'written to {out}, with all values (.json) and a picture')


if __name__ == '__main__':
    run_tool(parse_args, main)
