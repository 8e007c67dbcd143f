"""Comparison of the arms of one method."""

from argparse import Namespace

import torch
from mmengine.config import Config
from mmengine.runner import set_random_seed

from benchmarks.common.memory import peak_bytes
from benchmarks.common.timing import (
    CLOCKS,
    interleaved_seconds,
    quartiles,
    ratio,
)
from benchmarks.step.arm import Arm
from benchmarks.step.method import Method
from benchmarks.step.parts import seconds_per_part
from benchmarks.step.synthetic import random_batch, random_tree
from benchmarks.step.tap import seconds_of_tap

# Of the losses of two arms in their first step, which are to be equal; mixed
# precision and the order of sums on an accelerator leave larger differences.
_TOLERANCE = dict(cpu=1e-4, cuda=1e-2)


def measure(method: Method, args: Namespace) -> dict:
    """Measure all arms of one method; return its entry of the JSON.

    Raises:
        RuntimeError: If the arms without a tree do not compute the same loss.
    """
    set_random_seed(args.seed)
    recipe = method.plain(args.full)
    batch_size = method.small_batch
    if args.full:
        batch_size = recipe.train_dataloader.batch_size
    batch_size = args.batch_size or batch_size
    batch = random_batch(method, recipe, args.full, batch_size, args.device)
    arms = build_arms(method, args, recipe, batch)
    check_equal(arms, args.seed, _TOLERANCE[torch.device(args.device).type])
    seconds = interleaved_seconds(
        {name: arm.step for name, arm in arms.items()},
        args.rounds,
        args.steps,
        args.warmup,
        args.device,
        CLOCKS[args.clock],
    )
    result = dict(
        title=method.title,
        network='as in the recipe' if args.full else method.network,
        views=method.views if args.full else method.small_views,
        batch_size=batch_size,
        same_class='mmpretrain' in arms and same_class(arms),
        num_negatives=arms['hirl_tree'].model.spd_head.num_negatives,
        arms={
            name: dict(
                seconds_per_step=quartiles(values),
                images_per_second=batch_size / quartiles(values)['median'],
                memory_bytes=arms[name].resident_bytes()
                + peak_bytes(arms[name].step, args.device),
                rounds=values,
            )
            for name, values in seconds.items()
        },
        ratios={
            f'{ours}/{theirs}': ratio(seconds[ours], seconds[theirs])
            for ours, theirs in (
                ('plain', 'mmpretrain'),
                ('hirl_no_tree', 'plain'),
                ('hirl_tree', 'plain'),
            )
            if theirs in seconds
        },
    )
    steps, clock = args.rounds * args.steps, CLOCKS[args.clock]
    result['tap'] = seconds_of_tap(
        arms['hirl_no_tree'], steps, args.device, clock
    )
    if hasattr(arms['plain'].model, 'teacher'):
        result['parts'] = seconds_per_part(
            arms['plain'], steps, args.device, clock
        )
    return result


def build_arms(
    method: Method, args: Namespace, recipe: Config, batch: dict
) -> dict[str, Arm]:
    """Build all arms with the weights of the plain one.

    Returns:
        The arms by name, each with the optimizer of its own config.
    """
    configs = dict(plain=recipe)
    if method.peer is not None:
        configs = dict(mmpretrain=method.mmpretrain(args.full)) | configs
    configs['hirl_no_tree'] = method.hirl(args.full)
    configs['hirl_tree'] = method.hirl(args.full)
    arms = {
        name: Arm(cfg, batch, args.device) for name, cfg in configs.items()
    }
    for name, arm in arms.items():
        if name != 'plain':
            arm.copy_weights(arms['plain'])
    model = arms['hirl_tree'].model
    dim = model.spd_head.in_channels
    model.set_tree(random_tree(args.num_prototypes, dim))
    return arms


def check_equal(arms: dict[str, Arm], seed: int, tolerance: float) -> None:
    """Check that the first loss of all arms without a tree is the same.

    Raises:
        RuntimeError: If it differs by more than ``tolerance``, relatively.
    """
    losses = {}
    for name, arm in arms.items():
        set_random_seed(seed)
        losses[name] = arm.step()['loss'].item()
    expected = losses['plain']
    for name, loss in losses.items():
        off = abs(loss - expected) > tolerance * abs(expected)
        if name != 'hirl_tree' and off:
            raise RuntimeError(
                f'the arms do not compute the same loss: {losses}'
            )


def same_class(arms: dict[str, Arm]) -> bool:
    """Return whether the plain arm has the classes of MMPreTrain's model."""
    first, second = (
        [type(module) for module in arms[name].model.modules()]
        for name in ('plain', 'mmpretrain')
    )
    return first == second
