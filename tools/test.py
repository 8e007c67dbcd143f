"""Test a detector, segmentation model or classifier; draw predictions."""

import argparse
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
        epilog='Prints the metrics of the config, for detectors those of '
        'COCO or VOC. If the config has no test data, the validation data '
        'are used. Example: python tools/test.py CONFIG work_dirs/RUN/'
        'epoch_12.pth --show-dir work_dirs/RUN/predictions',
    )
    parser.add_argument('config', help='config of the training')
    parser.add_argument('checkpoint', help='checkpoint of that training')
    parser.add_argument(
        '--work-dir',
        help='folder for the log (default: work_dirs/NAME_OF_CONFIG)',
    )
    parser.add_argument(
        '--show-dir',
        type=Path,
        help='folder for pictures of the predictions; those of detectors and '
        'segmentation models show the ground truth beside them',
    )
    try:
        add_config_options(parser)
    except ImportError:
        check_stack()
        raise
    add_trust_option(parser)
    add_launcher(parser, ('none', 'pytorch', 'slurm', 'mpi'))
    args = parser.parse_args()
    for path in (args.config, args.checkpoint):
        if not Path(path).is_file():
            parser.error(f'there is no file {path}')
    return args


def load_config(args: argparse.Namespace):
    from hirl_mm.engine.checks.parts import check_parts
    from hirl_mm.engine.evaluation.prediction_pictures import draw_predictions
    from hirl_mm.engine.runtime.cfg_options import merge_options
    from hirl_mm.engine.runtime.config_file import read_config
    from hirl_mm.engine.runtime.option_names import check_config_names

    cfg = read_config(args.config)
    check_config_names(cfg)
    merge_options(cfg, args.cfg_options)
    check_parts(cfg, training=False)
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir or str(
        Path('work_dirs', Path(args.config).stem)
    )
    cfg.load_from = args.checkpoint
    if args.trust_checkpoint:
        cfg.trust_checkpoint = True
    if cfg.get('test_dataloader') is None:
        if cfg.get('val_dataloader') is None:
            raise ValueError(
                f'{args.config} has neither test nor validation data. For '
                'the features of a pre-training, use tools/evaluate.py'
            )
        cfg.test_dataloader = cfg.val_dataloader
        cfg.test_evaluator = cfg.val_evaluator
        cfg.test_cfg = dict(type='TestLoop')
    if args.show_dir:
        draw_predictions(cfg, args.show_dir)
    return cfg


def main(args: argparse.Namespace) -> None:
    check_stack()
    import torch
    from mmengine.dist import is_main_process

    from hirl_mm.datasets.list_checks import check_lists
    from hirl_mm.engine.checks.checkpoint_files import check_checkpoint_files
    from hirl_mm.engine.checks.loaders import check_loaders
    from hirl_mm.engine.checks.work_folder import check_is_folder
    from hirl_mm.engine.evaluation.prediction_pictures import title_predictions
    from hirl_mm.engine.runtime.brief_runner import BriefRunner
    from hirl_mm.engine.runtime.build_errors import explained_errors
    from hirl_mm.engine.runtime.cpu_training import fit_to_cpu
    from hirl_mm.engine.runtime.process_group import check_launcher
    from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks
    from hirl_mm.engine.runtime.trust import pass_trust_on

    cfg = load_config(args)
    pass_trust_on(cfg)
    add_standard_hooks(cfg, training=False)
    check_launcher(cfg.launcher)
    check_is_folder(cfg.work_dir)
    check_lists(cfg)
    check_checkpoint_files(cfg, training=False)
    check_loaders(cfg)
    if not torch.cuda.is_available():
        fit_to_cpu(cfg)
    with explained_errors(cfg):
        runner = BriefRunner.from_cfg(cfg)
        metrics = runner.test()
    if not is_main_process():
        return
    for name, value in metrics.items():
        print(f'{name:<24} {value:.4f}')
    if args.show_dir:
        title_predictions(runner, args.show_dir)
        print(f'pictures in {args.show_dir}')


if __name__ == '__main__':
    run_tool(parse_args, main)
