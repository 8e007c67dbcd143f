"""Train a hierarchy of the images of a folder, without a config.

Looks at the images, chooses network, views, prototypes, batch, learning rate
and schedule for them and for this machine, writes these choices with their
reasons into a config, and trains it. At the end the work folder has the
checkpoint with its tree and the exported backbone.
"""

import argparse
import logging
import shlex
import sys
from pathlib import Path

from hirl_mm.stack import StackError, check_stack

DEFAULT = 'hirl-mocov2'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Example: python tools/pretrain_folder.py photos --method '
        'hirl-dino --plan. Without --plan it trains; --resume continues a '
        'training that was stopped. docs/folder.md tells more.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    try:
        from hirl_mm.planning.recipes import recipes
    except ImportError:
        check_stack()
        raise
    add = parser.add_argument
    add(
        'images',
        metavar='DIR',
        help='folder of images, at any depth, whose subfolders may be '
        'classes; folder of shards (docs/data.md); or a text file with one '
        'image per line, relative to its folder, with or without a label',
    )
    add(
        '--method',
        choices=list(recipes()),
        default=DEFAULT,
        help='method, a recipe of configs/hirl (default: %(default)s)',
    )
    add(
        '--out',
        type=Path,
        metavar='RUN',
        help='work folder (default: work_dirs/METHOD_DIR)',
    )
    add(
        '--plan',
        action='store_true',
        help='print the choices, the time and the memory, and write nothing',
    )
    add(
        '--init',
        metavar='CHECKPOINT',
        help='start from these weights: of timm, torchvision, Hugging Face, '
        'DINO or OpenMMLab; the network is that of the file',
    )
    add(
        '--skip-broken',
        action='store_true',
        help='train without images that cannot be read (default: refuse)',
    )
    add(
        '--no-labels',
        action='store_true',
        help='take subfolders for no classes; labels only measure a training',
    )
    add('--epochs', type=int, help='number of epochs (default: by --hours)')
    add(
        '--hours',
        type=float,
        help='time of the training (default: 1 on a CPU, 24 on GPUs)',
    )
    add('--batch-size', type=int, help='images per step and device')
    add('--image-size', type=int, help='side of a view, a multiple of 32')
    add(
        '--device-memory',
        type=float,
        metavar='GIB',
        help='memory that a device may use (default: nine tenths of it)',
    )
    add('--resume', action='store_true', help='continue the training in RUN')
    parser.add_argument('--trust-checkpoint', action='store_true')
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    from hirl_mm.engine.checks.work_folder import check_work_folder
    from hirl_mm.planning.folder_run import (
        FOLDER,
        INIT,
        plan_folder,
        planned_config,
        write_plan,
    )
    from hirl_mm.planning.init_backbone import initial_backbone
    from hirl_mm.planning.plan import Wishes
    from hirl_mm.planning.recipes import recipes

    logging.getLogger('mmengine').setLevel(logging.WARNING)
    name = Path(args.images).absolute().name
    out = args.out or Path('work_dirs', f'{args.method}_{name}')
    if args.resume:
        train(planned_config(out), out)
        return
    if not args.plan:
        check_work_folder(out, False, None)
    recipe = recipes()[args.method]
    init = args.init and initial_backbone(
        args.init, recipe.kind, args.method, args.trust_checkpoint
    )
    wishes = Wishes(
        args.epochs,
        args.hours,
        args.batch_size,
        args.image_size,
        init,
        out.absolute() / FOLDER / INIT,
    )
    plan, source, survey, trial = plan_folder(
        args.images,
        recipe,
        wishes,
        labels=not args.no_labels,
        skip_broken=args.skip_broken,
        device_memory=args.device_memory,
        decode_all=not args.plan,
        log=say,
    )
    if args.plan:
        say('\nnothing was written; without --plan this training starts')
        return
    config = write_plan(plan, survey, trial, out, wishes)
    say(f'\nthese choices with their reasons are in {config}')
    train(config, out)


def train(config: Path, out: Path) -> None:
    """Run a training to its end, export its backbone, say what is next."""
    import torch

    from hirl_mm.planning.finish import export_trained, next_commands
    from hirl_mm.studies import RunFolder, StudyRun, follow_process
    from hirl_mm.studies.training import training_command

    run = StudyRun(out.name, config, out, {})
    command = training_command(run, max(1, torch.cuda.device_count()))
    say(f'$ {shlex.join(command)}')
    if follow_process(command, lambda line: print(line, end='', flush=True)):
        sys.exit(
            f'error: the training failed, see above; --resume --out {out} '
            'continues it'
        )
    checkpoint = RunFolder(out).last_checkpoint()
    say(f'\ncheckpoint with its tree: {checkpoint}')
    try:
        place, exported = export_trained(checkpoint, out)
        say(f'exported backbone: {place}; to load it:\n  {exported.load}')
    except ValueError as error:
        say(f'the backbone was not exported: {error}')
    here = shlex.quote(str(Path(__file__).parent))
    say('what comes next:')
    for line in next_commands(out, f'python {here}/{{}}.py'):
        say(f'  {line}')


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == '__main__':
    try:
        arguments = parse_args()
        check_stack()
        main(arguments)
    except (OSError, ValueError, StackError) as error:
        sys.exit(f'error: {error}')
