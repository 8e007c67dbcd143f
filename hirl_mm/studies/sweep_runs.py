"""The runs of a sweep: their folders, what they found, their settings."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from hirl_mm.files import replacing


@dataclass(frozen=True)
class SweepRun:
    """One training of a sweep.

    Args:
        arm: Name of the arm.
        rate: Value of what is swept.
        seed: Of the training.
        folder: Its work folder.
        settings: All that its result depends on.
    """

    arm: str
    rate: float
    seed: int
    folder: Path
    settings: Mapping[str, object]

    @property
    def key(self) -> tuple[str, float, int]:
        return self.arm, self.rate, self.seed

    @property
    def record(self) -> Path:
        return self.folder / 'sweep_run.json'

    def finished(self) -> float | None:
        """The result if the run was finished, else None.

        Raises:
            ValueError: If the folder holds a run of other settings.
        """
        if not self.record.is_file():
            return None
        stored = json.loads(self.record.read_text())
        different = [
            f'{key} was {stored["settings"].get(key)}, now {value}'
            for key, value in self.settings.items()
            if stored['settings'].get(key) != value
        ]
        if different:
            raise ValueError(
                f'{self.folder} holds a run of other settings: '
                f'{"; ".join(different)}. Arms of unlike settings are not '
                'comparable: choose another --work-dir, or delete this one'
            )
        return stored['value']

    def note(self, value: float | None) -> None:
        """Write down the settings, and the result or None before it."""
        with replacing(self.record) as temporary:
            content = dict(settings=self.settings, value=value)
            temporary.write_text(json.dumps(content, indent=2) + '\n')

    def resumable(self) -> bool:
        return (self.folder / 'last_checkpoint').is_file()

    def options(self) -> list[str]:
        """For ``--cfg-options`` of tools/train.py."""
        return [
            f'{self.settings["param"]}={self.rate:g}',
            f'model.backbone.init_cfg.checkpoint={self.settings["checkpoint"]}',
            f'randomness.seed={self.seed}',
            *self.settings['options'],
        ]


def plan_runs(
    config: str,
    param: str,
    arms: Mapping[str, str],
    rates: Sequence[float],
    seeds: Sequence[int],
    options: Sequence[str],
    work_dir: Path,
) -> list[SweepRun]:
    """All runs of a sweep, arms side by side at every rate.

    Args:
        config: A config with ``protocol``.
        param: Key of the config that is swept, with dots.
        arms: Checkpoint by name.
        rates: Values of ``param``.
        seeds: Of the trainings.
        options: ``KEY=VALUE`` for all runs.
        work_dir: Folder of the sweep.

    Raises:
        ValueError: If the config has no such key or no ``protocol``, arms
            have one folder, or a rate is not above 0.
        FileNotFoundError: If a file is missing.
    """
    if not Path(config).is_file():
        raise FileNotFoundError(f'there is no config file {config}')
    cfg = Config.fromfile(config)
    _check_config(cfg, config, param)
    _check_grid(arms, rates, seeds)
    recipe = hashlib.sha256(cfg.pretty_text.encode()).hexdigest()[:16]
    shared = dict(config=config, recipe=recipe, param=param)
    runs = []
    for rate in sorted(rates):
        for seed in seeds:
            for arm, checkpoint in arms.items():
                file = Path(checkpoint).resolve()
                settings = dict(
                    shared,
                    options=list(options),
                    checkpoint=str(file),
                    written_ns=file.stat().st_mtime_ns,
                )
                name = f'lr-{rate:g}-seed-{seed}'
                folder = work_dir / folder_name(arm) / name
                runs.append(SweepRun(arm, rate, seed, folder, settings))
    return runs


def parse_arms(words: Sequence[str]) -> dict[str, str]:
    """Checkpoint by name from ``NAME=CHECKPOINT``.

    Raises:
        ValueError: If a word is none, or names come twice.
    """
    arms = dict(word.partition('=')[::2] for word in words)
    if len(arms) < len(words) or not all(arms.values()):
        raise ValueError(
            f'--arms takes different NAME=CHECKPOINT, got {list(words)}'
        )
    return arms


def folder_name(arm: str) -> str:
    """The name of an arm in letters that every file system has.

    Example:
        >>> folder_name('HIRL-MoCo v2')
        'hirl-moco-v2'
    """
    return re.sub(r'[^a-z0-9]+', '-', arm.lower()).strip('-')


def last_value(work_dir: Path, metric: str) -> float:
    """The last value of a metric in the logs of a training.

    Raises:
        ValueError: If there is none.
    """
    for log in sorted(work_dir.glob('*/vis_data/scalars.json'), reverse=True):
        lines = map(json.loads, log.read_text().splitlines())
        values = [line[metric] for line in lines if metric in line]
        if values:
            return values[-1]
    raise ValueError(
        f'the logs in {work_dir} have no {metric}: let protocol.metric of '
        'the config be one that its val_evaluator computes'
    )


def _check_config(cfg: Config, config: str, param: str) -> None:
    if not {'name', 'metric'} <= set(cfg.get('protocol', {})):
        raise ValueError(
            f'{config} has no protocol=dict(name=..., metric=...), which '
            'says what to compare: take one of configs/evaluation'
        )
    node = cfg
    for key in param.split('.'):
        node = node.get(key) if isinstance(node, dict | Config) else None
    if not isinstance(node, int | float):
        raise ValueError(
            f'{config} has no number at {param}, got {node}: '
            'optim_wrapper.optimizer.lr is the rate of the optimizer'
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
