"""Time and memory of a step of CsMl beside MoCo v2 of twice the batch.

MoCo v2 of MMPreTrain sees as many images as CsMl, whose images are anchors
and positives. The arms run interleaved in one process, with one backbone, one
batch of random views and plain SGD. A step is forward, backward, optimizer and
the update of the moving averages; images are not loaded.
"""

import copy

from mmengine.config import Config
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

_MOCO = 'mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py'
_CSML = 'csml/csml_resnet50_32xb64-coslr-200e_in1k.py'
# Every arm of CsMl with what it is compared with, and the aims.
PAIRS = {
    'CsMl, positives': 'MoCo v2',
    'CsMl, CutMix': 'MoCo v2',
    'CsMl': 'CsMl, CutMix',
}
AIMS = {'CsMl, positives': '1.10', 'CsMl, CutMix': '1.30', 'CsMl': '1.05'}
# MoCo's queue has to be a multiple of the keys of a step.
_QUEUE = 65536


def main() -> None:
    parser = peers_parser(__doc__, 'anchors per step')
    args = parse(parser, QUICK, at_least_one=('rounds', 'steps'))
    check_device(parser, args)
    set_up(args.threads)
    machine = describe(args.device)
    set_random_seed(args.seed)
    num_images = 2 * args.batch_size
    found = measure_peers(
        args, configs(args.full, num_images), PAIRS, num_images
    )
    report(args, machine, found, peers_table(found, AIMS))


def configs(full: bool, num_images: int) -> dict[str, Config]:
    """Return the config of every arm by its name, narrowed unless ``full``.

    Args:
        full: Whether to leave the networks as wide as they are.
        num_images: Images of a step.
    """
    moco = Config.fromfile(CONFIGS / _MOCO)
    whole = Config.fromfile(CONFIGS / _CSML)
    cutmix, positives = copy.deepcopy(whole), copy.deepcopy(whole)
    for cfg in (cutmix, positives):
        cfg.model.branches = None
    positives.model.mix = None
    found = {
        'MoCo v2': moco,
        'CsMl, positives': positives,
        'CsMl, CutMix': cutmix,
        'CsMl': whole,
    }
    for cfg in found.values():
        cfg.model.queue_len = _QUEUE // num_images * num_images
        if not full:
            cfg.model.backbone.update(
                depth=18, base_channels=32, stem_channels=32
            )
            cfg.model.neck.update(in_channels=256, hid_channels=256)
            cfg.model.queue_len = 4096 // num_images * num_images
    return found


if __name__ == '__main__':
    main()
