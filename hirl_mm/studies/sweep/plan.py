"""Plan the runs of a sweep and check them before the first one starts."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.config import Config

from hirl_mm.checkpoints import load_backbone
from hirl_mm.engine.runtime.config_file import read_config
from hirl_mm.registry import MODELS, enter_scope

from ..study_run import StudyRun, recipe_fingerprint

# A training by arm, rate and seed, and the value of its metric.
RateRun = StudyRun[tuple[str, float, int], float]


def plan_sweep(
    config: str,
    param: str,
    arms: Mapping[str, str],
    rates: Sequence[float],
    seeds: Sequence[int],
    options: Sequence[str],
    work_dir: Path,
) -> list[RateRun]:
    """Return all runs of a sweep, ordered by rate, then seed, then arm.

    Args:
        config: Config file with a ``protocol``.
        param: Config key to sweep, with dots, such as
            ``'optim_wrapper.optimizer.lr'``.
        arms: Checkpoint of the pre-trained backbone by name of the arm.
        rates: Values of ``param``.
        seeds: Seeds of the trainings.
        options: Config options ``KEY=VALUE`` of all runs.
        work_dir: Folder of the sweep.

    Returns:
        Runs with keys (arm, rate, seed), rates ascending.

    Raises:
        ValueError: If the config has no ``protocol`` or no number at
            ``param``, two arms have the same folder name, rates or seeds
            repeat, or a rate is not above 0.
        FileNotFoundError: If the config file or a checkpoint is missing.
    """
    if not Path(config).is_file():
        raise FileNotFoundError(f'there is no config file {config}')
    cfg = read_config(config)
    _check_config(cfg, config, param)
    _check_grid(arms, rates, seeds)
    recipe = recipe_fingerprint(cfg.pretty_text)
    shared = dict(config=config, recipe=recipe, param=param)
    return [
        _run(arm, rate, seed, Path(checkpoint), shared, options, work_dir)
        for rate in sorted(rates)
        for seed in seeds
        for arm, checkpoint in arms.items()
    ]


def check_checkpoints(
    config: str, arms: Mapping[str, str], trust: bool = False
) -> None:
    """Load every checkpoint once, before the first training starts.

    Args:
        config: Config file of the trainings.
        arms: Checkpoint of the pre-trained backbone by name of the arm.
        trust: Whether the checkpoints may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Raises:
        ValueError: If a checkpoint does not fit the backbone of the config.
    """
    cfg = read_config(config)
    enter_scope(cfg)
    for checkpoint in arms.values():
        backbone = MODELS.build(cfg.model.backbone)
        load_backbone(backbone, checkpoint, trust=trust)


def parse_arms(
    words: Sequence[str], what: str = 'CHECKPOINT'
) -> dict[str, str]:
    """Return a dictionary from words of the form ``NAME=CHECKPOINT``.

    Args:
        words: Words of the command line.
        what: What stands behind the name, for the error.

    Returns:
        Checkpoint by name of the arm.

    Raises:
        ValueError: If a word has another form, or a name is repeated.
    """
    arms = dict(word.partition('=')[::2] for word in words)
    if len(arms) < len(words) or not all(arms.values()):
        raise ValueError(
            f'--arms takes words of the form NAME={what} with different '
            f'names, got {list(words)}'
        )
    return arms


def folder_name(arm: str) -> str:
    """Return the name of an arm as a folder name for any file system.

    Args:
        arm: Name of the arm.

    Example:
        >>> folder_name('HIRL-MoCo v2')
        'hirl-moco-v2'
    """
    return re.sub(r'[^a-z0-9]+', '-', arm.lower()).strip('-')


def _run(
    arm: str,
    rate: float,
    seed: int,
    checkpoint: Path,
    shared: Mapping[str, str],
    options: Sequence[str],
    work_dir: Path,
) -> RateRun:
    checkpoint = checkpoint.resolve()
    settings = dict(
        shared,
        options=list(options),
        checkpoint=str(checkpoint),
        written_ns=checkpoint.stat().st_mtime_ns,
    )
    own = (
        f'{shared["param"]}={rate:g}',
        f'model.backbone.init_cfg.checkpoint={checkpoint}',
        f'randomness.seed={seed}',
    )
    return StudyRun(
        (arm, rate, seed),
        shared['config'],
        work_dir / folder_name(arm) / f'lr-{rate:g}-seed-{seed}',
        settings,
        (*own, *options),
        'sweep_run.json',
    )


def _check_config(cfg: Config, config: str, param: str) -> None:
    if not {'name', 'metric'} <= set(cfg.get('protocol', {})):
        raise ValueError(
            f'{config} has no protocol=dict(name=..., metric=...), which '
            'names the metric to compare: use a config of configs/evaluation'
        )
    node = cfg
    for key in param.split('.'):
        node = node.get(key) if isinstance(node, dict | Config) else None
    if not isinstance(node, int | float):
        raise ValueError(
            f'{config} has no number at {param}, got {node}. The learning '
            'rate of the optimizer is --param optim_wrapper.optimizer.lr'
        )


def _check_grid(
    arms: Mapping[str, str], rates: Sequence[float], seeds: Sequence[int]
) -> None:
    if len({folder_name(arm) for arm in arms} - {''}) < len(arms):
        raise ValueError(
            f'arms need names that differ in letters or digits, got '
            f'{list(arms)}'
        )
    if min(rates) <= 0 or len({f'{r:g}' for r in rates}) < len(rates):
        raise ValueError(
            f'rates must be above 0 and differ in 6 digits, got {rates}'
        )
    if len(set(seeds)) < len(seeds):
        raise ValueError(f'seeds must differ, got {seeds}')
    for arm, checkpoint in arms.items():
        if not Path(checkpoint).is_file():
            raise FileNotFoundError(
                f'there is no checkpoint {checkpoint} for {arm}'
            )
