"""Time of a step of SS-PRL for its operations, and of its assignment.

SS-PRL trains on 34 views of an image. The peer is the same backbone with a
linear classifier on one view of 224 pixels, in the same run. If small views
cost what their operations cost, the ratio of the times is that of the
operations. The assignment, with full queues, is timed apart from the step
that it is a part of. Arms run interleaved in one process; a step is forward,
backward and optimizer, and images are not loaded.
"""

import argparse
from collections.abc import Callable

import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.runner import set_random_seed

from benchmarks.common.machine import describe
from benchmarks.common.options import check_device, parse, report
from benchmarks.common.tables import with_quartiles
from benchmarks.common.timing import CLOCKS, interleaved_seconds, ratio
from benchmarks.step.method import CONFIGS
from benchmarks.step.peers import (
    QUICK,
    build_arms,
    measure_arms,
    peers_parser,
    peers_table,
    random_views,
)
from benchmarks.step.without_runner import set_up
from hirl_mm.models.heads import PyramidHead
from hirl_mm.models.modules import assign_with_queue

_RECIPE = 'ssprl/ssprl_resnet50_2xb64-mcrop-amp-coslr-200e_coco14.py'
_SIZES = (224, 224, *(96,) * 6, *(112,) * 8, *(96,) * 18)
_AIM = 'time at most 1.15 x flops'


def main() -> None:
    parser = peers_parser(__doc__, 'images per step')
    args = parse(parser, QUICK, at_least_one=('rounds', 'steps'))
    check_device(parser, args)
    set_up(args.threads)
    machine = describe(args.device)
    set_random_seed(args.seed)
    whole, single = _configs(args)
    arms = build_arms(
        args,
        {
            'one view': (single, _one_view(args)),
            'SS-PRL': (
                whole,
                random_views(args.batch_size, _SIZES, args.device),
            ),
        },
    )
    found = measure_arms(args, arms, {'SS-PRL': 'one view'})
    step = arms['SS-PRL'].step
    head = arms['SS-PRL'].model.head
    seconds = interleaved_seconds(
        dict(assignment=_assignment(args, head), step=step),
        args.rounds,
        args.steps,
        args.warmup,
        args.device,
        CLOCKS[args.clock],
    )
    share = ratio(seconds['assignment'], seconds['step'])
    pair = found['pairs']['SS-PRL']
    per_flop = pair['time']['median'] / pair['flops']
    found |= dict(time_per_flop=per_flop, assignment_share=share)
    report(
        args,
        machine,
        found,
        peers_table(found, {'SS-PRL': _AIM}),
        f'time per operation: {per_flop:.3f} of one view (aim 1.15); '
        f'assignment: {with_quartiles(share)} of a step (aim 0.03)',
    )


def _configs(args: argparse.Namespace) -> tuple[Config, Config]:
    """Return the recipe, and a classifier of one view."""
    whole = Config.fromfile(CONFIGS / _RECIPE)
    # Queues hold whole batches.
    head = whole.model.head
    head.queue_lengths = [
        max(length // args.batch_size, 1 + num) * args.batch_size
        for length, num in zip(
            head.queue_lengths, (1, *head.num_patches), strict=True
        )
    ]
    head.queue_start_epoch = 0
    if not args.full:
        whole.model.backbone.update(
            depth=18, base_channels=32, stem_channels=32
        )
        whole.model.neck.projection.update(in_channels=256, hid_channels=256)
    if args.device == 'cpu':
        whole.optim_wrapper.type = 'OptimWrapper'
        del whole.optim_wrapper['loss_scale']
    single = Config(
        dict(
            model=dict(
                type='ImageClassifier',
                _scope_='mmpretrain',
                backbone=whole.model.backbone,
                neck=dict(type='GlobalAveragePooling'),
                head=dict(
                    type='LinearClsHead',
                    num_classes=1000,
                    in_channels=whole.model.neck.projection.in_channels,
                ),
            ),
            data_preprocessor=dict(
                type='mmpretrain.ClsDataPreprocessor',
                mean=whole.data_preprocessor.mean,
                std=whole.data_preprocessor.std,
                to_rgb=True,
            ),
            optim_wrapper=whole.optim_wrapper,
        )
    )
    return whole, single


def _one_view(args: argparse.Namespace) -> dict:
    """Return a batch for the classifier, which takes a single view."""
    batch = random_views(args.batch_size, _SIZES[:1], args.device)
    for sample in batch['data_samples']:
        sample.set_gt_label(0)
    return batch | dict(inputs=batch['inputs'][0])


def _assignment(args: argparse.Namespace, head: PyramidHead) -> Callable:
    """Return a function that assigns a batch on all scales."""
    parts = []
    for scale, num in enumerate((1, *head.num_patches)):
        prototypes = head.prototypes_of(scale)
        shape = 2, num * args.batch_size, head.feat_dim
        rows = F.normalize(torch.randn(shape, device=args.device), dim=2)
        queue = head.queues[scale]
        while not queue.full:
            queue.push(rows)
        scores = (rows @ prototypes.weight.T).detach()
        parts.append((rows, scores, prototypes, queue))

    def run() -> None:
        for part in parts:
            assign_with_queue(*part, head.epsilon, head.num_iters)

    return run


if __name__ == '__main__':
    main()
