"""Train the model of a config, from pre-training to detection."""

import argparse
import os
import sys
from pathlib import Path

from hirl_mm.options import (
    ToolParser,
    add_config_options,
    add_launcher,
    add_trust_option,
    run_tool,
)
from hirl_mm.stack import check_stack


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='To train with several processes, use tools/dist_train.sh or '
        'tools/slurm_train.sh, which start this script in each of them.',
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--work-dir',
        help='folder for checkpoints, logs and prototype trees (default: '
        'work_dirs/NAME_OF_CONFIG)',
    )
    files = parser.add_mutually_exclusive_group()
    files.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='resume from CHECKPOINT (default: the newest whole checkpoint '
        'in the work folder; without one, start a new run)',
    )
    files.add_argument(
        '--overwrite',
        action='store_true',
        help='start a new run in a folder that holds checkpoints or trees of '
        'another run, and delete these files (default: refuse the folder)',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='automatic mixed precision (needs an accelerator)',
    )
    try:
        add_config_options(parser)
    except ImportError:
        check_stack()
        raise
    add_trust_option(parser)
    add_launcher(parser, ('none', 'pytorch', 'slurm', 'mpi'))
    parser.add_argument(
        '--local_rank', '--local-rank', type=int, help=argparse.SUPPRESS
    )
    args = parser.parse_args()
    if not Path(args.config).is_file():
        parser.error(f'there is no config file {args.config}')
    if args.local_rank is not None:
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def load_config(args: argparse.Namespace):
    from hirl_mm.engine.checks.parts import check_parts
    from hirl_mm.engine.runtime.cfg_options import merge_options
    from hirl_mm.engine.runtime.config_file import read_config
    from hirl_mm.engine.runtime.device_views import place_views
    from hirl_mm.engine.runtime.option_names import check_config_names
    from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks

    cfg = read_config(args.config)
    check_config_names(cfg)
    add_standard_hooks(cfg, training=True)
    merge_options(cfg, args.cfg_options)
    check_parts(cfg, training=True)
    place_views(cfg)
    cfg.launcher = args.launcher
    if args.work_dir:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs', Path(args.config).stem))
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.resume:
        cfg.resume = True
    if args.resume not in (None, 'auto'):
        cfg.load_from = args.resume
    if args.overwrite:
        cfg.default_hooks.work_folder = dict(
            type='hirl_mm.WorkFolderHook', overwrite=True
        )
    if args.trust_checkpoint:
        cfg.trust_checkpoint = True
    return cfg


def main(args: argparse.Namespace) -> None:
    check_stack()
    import torch

    from hirl_mm.engine.checks.errors import StoppedBySignal
    from hirl_mm.engine.checks.start import check_config, check_runner
    from hirl_mm.engine.runtime.brief_runner import BriefRunner
    from hirl_mm.engine.runtime.build_errors import explained_errors
    from hirl_mm.engine.runtime.configured_watch import configured_watch
    from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
    from hirl_mm.engine.runtime.hook_entries import entries_of
    from hirl_mm.engine.runtime.stop_signals import (
        REQUEUE_STATUS,
        ignore_stop_signals,
        stop_signals,
    )
    from hirl_mm.engine.runtime.trust import pass_trust_on

    if args.amp and not torch.cuda.is_available():
        raise ValueError('--amp needs an accelerator, and PyTorch finds none')
    cfg = load_config(args)
    pass_trust_on(cfg)
    notes = check_config(cfg, newest=args.resume == 'auto')
    if not torch.cuda.is_available():
        fit_to_cpu(cfg)
    if entries_of(cfg, 'StopSignalHook'):
        # Before the first worker process of a data loader.
        stop_signals.listen()
    with configured_watch(cfg), explained_errors(cfg):
        runner = BriefRunner.from_cfg(cfg)
        for note in notes:
            runner.logger.warning(note)
        check_runner(runner)
        try:
            runner.train()
        except StoppedBySignal as error:
            ignore_stop_signals()
            print(error, file=sys.stderr)
            sys.exit(REQUEUE_STATUS)


if __name__ == '__main__':
    run_tool(parse_args, main)
