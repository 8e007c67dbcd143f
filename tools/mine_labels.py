"""Label training images by the confident predictions of a classifier.

This is the data mining of CsMl ("Seed the Views"), for a classifier that was
fine-tuned with few labels, by a config such as those in
configs/evaluation/semisup:

1. The classifier predicts the class of every training image that has no label.
2. Images whose prediction has an entropy above --max-entropy are dropped.
3. The others get the most probable class. A new list has the true labels,
   followed by these.

Images in the folder of the training that belong to the validation or to the
test are never labelled. Train on with a config of configs/evaluation/mining.
"""

import argparse
from pathlib import Path

from hirl_mm.options import (
    ToolParser,
    add_config_options,
    add_launcher,
    add_reading_options,
    add_trust_option,
    run_tool,
)
from hirl_mm.stack import check_stack


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog="""\
Example:
  python tools/mine_labels.py \\
      configs/evaluation/semisup/resnet50_8xb32-coslr-60e_in1k-1pct.py \\
      work_dirs/semisup/csml/epoch_60.pth
writes data/imagenet/meta/1percent-mined.txt and, beside it, a report (.md),
all numbers (.json) and a picture (.png). Several GPUs share the images:
  torchrun --nproc_per_node 8 tools/mine_labels.py ... --launcher pytorch""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('config', help='config of the fine-tuning with few labels')
    add('checkpoint', help='checkpoint of that fine-tuning')
    add(
        '--out',
        type=Path,
        help='list to write, replaced if it exists (default: the list of the '
        'labels with -mined before its suffix)',
    )
    add(
        '--max-entropy',
        type=float,
        default=1.0,
        help='largest entropy in nats of a prediction that is kept (default: '
        '%(default)s)',
    )
    add_reading_options(parser)
    try:
        add_config_options(parser)
    except ImportError:
        check_stack()
        raise
    add_trust_option(parser)
    add_launcher(parser)
    args = parser.parse_args()
    if not args.max_entropy >= 0:
        parser.error(f'--max-entropy must be at least 0: {args.max_entropy}')
    if args.out and args.out.suffix != '.txt':
        parser.error(f'--out must end with .txt, got {args.out}')
    return args


def mine(args: argparse.Namespace) -> None:
    from mmengine.dist import is_main_process

    from hirl_mm.engine.evaluation.label_mining import mine_labels, plan_mining
    from hirl_mm.engine.evaluation.trained_classifier import load_classifier
    from hirl_mm.engine.runtime.cfg_options import merge_options
    from hirl_mm.engine.runtime.config_file import read_config
    from hirl_mm.engine.runtime.process_group import destroy_process_group
    from hirl_mm.studies.mining_report import SUFFIXES

    cfg = read_config(args.config)
    merge_options(cfg, args.cfg_options)
    plan = plan_mining(cfg)
    source = Path(plan.list_file)
    args.out = args.out or source.with_name(f'{source.stem}-mined.txt')
    if args.out.resolve() == source.resolve():
        raise ValueError(
            f'{args.out} is the list of the true labels, which is not '
            'replaced: give another file with --out'
        )
    model = load_classifier(cfg, args.checkpoint, args.trust_checkpoint)
    first = is_main_process()
    if first:
        beside = ', '.join(args.out.with_suffix(s).name for s in SUFFIXES)
        print(
            f'{len(plan.labelled)} images with a true label in {source}, '
            f'{len(plan.paths)} without; {plan.num_validation} images of the '
            f'validation or test left out\nwill write {args.out}, and beside '
            f'it {beside}',
            flush=True,
        )
    found = mine_labels(
        model, plan, args.max_entropy, args.batch_size, args.num_workers
    )
    destroy_process_group()
    if first:
        write(args, plan, *found)


def write(args: argparse.Namespace, plan, paths, found) -> None:
    """Write the report, then the list."""
    from hirl_mm.datasets.converters.annotations import write_annotations
    from hirl_mm.datasets.converters.mined_annotations import with_mined
    from hirl_mm.studies.mining_report import write_mining_report

    summary = write_mining_report(
        args.out,
        [label for _, label in plan.labelled],
        found,
        plan.num_classes,
        args.max_entropy,
        config=args.config,
        checkpoint=args.checkpoint,
        true_labels=plan.list_file,
    )
    kept = found.kept.nonzero().flatten().tolist()
    mined = [(paths[idx], int(found.labels[idx])) for idx in kept]
    entries = with_mined(plan.labelled, mined)
    write_annotations(args.out, entries)
    print(f'{summary}written to {args.out}: {len(entries)} images')


def main(args: argparse.Namespace) -> None:
    check_stack()
    from hirl_mm.engine.runtime.process_group import init_process_group

    init_process_group(args.launcher)
    mine(args)


if __name__ == '__main__':
    run_tool(parse_args, main)
