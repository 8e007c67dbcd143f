"""Train a hierarchy of the images of a folder, without a config.

Looks at the images, chooses network, views, prototypes, batch, learning rate
and schedule for them and for this machine, writes these choices with their
reasons into a config, and trains it. At the end the work folder has the
checkpoint with its tree, the exported backbone, a page that shows the
hierarchy, and a report of the training.
"""

import argparse
import shlex
import signal
from collections import deque
from functools import partial
from pathlib import Path

from hirl_mm.options import ToolParser, add_trust_option, run_tool
from hirl_mm.stack import check_stack

say = partial(print, flush=True)
_FULL = 'No space left on device'


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Example: python tools/pretrain_folder.py photos --method '
        'hirl-dino --plan. Without --plan it trains; --resume continues a '
        'training that was stopped. docs/folder.md tells more.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    try:
        from hirl_mm.planning.options import add_folder_options
    except ImportError:
        check_stack()
        raise
    add_folder_options(parser)
    add_trust_option(parser)
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    check_stack()
    from mmengine.logging import MMLogger

    from hirl_mm.engine.checks.work_folder import check_work_folder
    from hirl_mm.planning.folder_run import (
        FOLDER,
        INIT,
        plan_folder,
        planned_config,
        write_plan,
    )
    from hirl_mm.planning.init_backbone import read_initial
    from hirl_mm.planning.plan import Wishes
    from hirl_mm.planning.recipes import recipes

    MMLogger.get_instance('mmengine', log_level='WARNING')
    name = Path(args.images).absolute().name
    out = args.out or Path('work_dirs', f'{args.method}_{name}')
    if args.resume:
        train(planned_config(out), out)
        return
    if not args.plan:
        check_work_folder(out, False, None)
    recipe = recipes()[args.method]
    init = args.init and read_initial(
        args.init, recipe.config().model.backbone, args.trust_checkpoint
    )
    wishes = Wishes(
        args.epochs,
        args.hours,
        args.batch_size,
        args.image_size,
        init or None,
        out.absolute() / FOLDER / INIT,
        args.full_width,
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
    from hirl_mm.studies import (
        RunFolder,
        StudyRun,
        TrainingError,
        follow_process,
    )
    from hirl_mm.studies.run_pages import write_pages
    from hirl_mm.studies.tool_command import tool_command
    from hirl_mm.studies.training import training_command

    run = StudyRun(out.name, config, out, {})
    command = training_command(run, max(1, torch.cuda.device_count()))
    say(f'$ {shlex.join(command)}')
    last: deque[str] = deque(maxlen=200)

    def show(line: str) -> None:
        last.append(line)
        say(line, end='')

    status = follow_process(command, show)
    if status:
        why = 'failed, see above'
        if any(_FULL in line for line in last):
            why = 'ended, because the disk is full: free some space'
        if status == -signal.SIGKILL:
            why = 'was killed, as the system does when memory runs out'
        raise TrainingError(
            f'the training {why}; --resume --out '
            f'{shlex.quote(str(out))} continues it'
        )
    checkpoint = RunFolder(out).last_checkpoint()
    say(f'\ncheckpoint with its tree: {checkpoint}')
    try:
        place, exported = export_trained(checkpoint, out)
        say(f'exported backbone: {place}; to load it:\n  {exported.load}')
        say(f'its images: {exported.images}')
    except ValueError as error:
        say(f'the backbone was not exported: {error}')
    page, report = write_pages(out, say)
    say(f'report of the training: {report}')
    say(f'page of the hierarchy, to open in a browser: {page}')
    say('what comes next:', *next_commands(out, tool_command), sep='\n  ')


if __name__ == '__main__':
    run_tool(parse_args, main)
