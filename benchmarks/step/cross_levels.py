"""Time and memory of a step of HCCL beside the methods that it extends.

SimSiam, HCCL, BYOL and HCCL with a momentum encoder run interleaved in one
process, with one backbone, one batch of random views and plain SGD; SimSiam
and BYOL are MMPreTrain's. A step is forward, backward, optimizer and the
update of the target network.
"""

from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.runner import set_random_seed

from benchmarks.common.machine import describe
from benchmarks.common.options import check_device, parse, report
from benchmarks.step.method import CONFIGS
from benchmarks.step.peers import (
    QUICK,
    measure_peers,
    peers_parser,
    peers_table,
)
from benchmarks.step.without_runner import set_up

_HCCL = 'hccl/hccl{}_resnet50_8xb64-amp-coslr-100e_in1k.py'
_SIMSIAM = 'simsiam/simsiam_resnet50_8xb32-coslr-200e_in1k.py'
_BYOL = 'byol/byol_resnet50_16xb256-coslr-200e_in1k.py'
# Every arm of HCCL with what it is compared with, and the aims.
PAIRS = {'HCCL': 'SimSiam', 'HCCL, momentum': 'BYOL'}
AIMS = {'HCCL': '1.06 and 1.02', 'HCCL, momentum': '1.04'}
_WIDTH = 256


def main() -> None:
    parser = peers_parser(__doc__, 'images per step')
    args = parse(parser, QUICK, at_least_one=('rounds', 'steps'))
    check_device(parser, args)
    set_up(args.threads)
    machine = describe(args.device)
    set_random_seed(args.seed)
    found = measure_peers(args, configs(args.full), PAIRS, args.batch_size)
    report(args, machine, found, peers_table(found, AIMS))


def configs(full: bool) -> dict[str, Config]:
    """Return the config of every arm by its name, narrowed unless ``full``."""
    found = {
        'SimSiam': get_config(f'mmpretrain::{_SIMSIAM}'),
        'HCCL': Config.fromfile(CONFIGS / _HCCL.format('')),
        'BYOL': get_config(f'mmpretrain::{_BYOL}'),
        'HCCL, momentum': Config.fromfile(CONFIGS / _HCCL.format('-momentum')),
    }
    optim_wrapper = found['HCCL'].optim_wrapper
    for name, cfg in found.items():
        if name not in PAIRS:
            cfg.optim_wrapper = dict(
                type=optim_wrapper.type,
                loss_scale=optim_wrapper.loss_scale,
                optimizer=optim_wrapper.optimizer,
            )
        if not full:
            _narrow(cfg.model)
    return found


def _narrow(model: dict) -> None:
    """Make a model small, with the ratios of the recipe's widths."""
    model.backbone.update(depth=18, base_channels=32, stem_channels=32)
    for part in (model.neck, model.head, model.head.get('predictor', {})):
        for name in ('in_channels', 'hid_channels', 'out_channels'):
            if name in part:
                part[name] = part[name] * _WIDTH // 2048


if __name__ == '__main__':
    main()
