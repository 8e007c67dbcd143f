"""Read the result of a downstream training."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config

from hirl_mm.checkpoints.config_values import config_values

from ..metrics import figure_of, in_percent
from ..run_folder import RunFolder


@dataclass(frozen=True)
class ProtocolRun:
    """Result of a finished downstream training.

    Args:
        protocol: Name of the protocol, such as ``'linear'``.
        metric: Name of the metric in MMEngine's log.
        values: Percentage by epoch or iteration of the validation.
        checkpoint: Path of the checkpoint of the pre-trained backbone; empty
            if there is none.
        further: Percentages at the end of the training by figure, for other
            metrics than ``metric``.
    """

    protocol: str
    metric: str
    values: dict[int, float]
    checkpoint: str
    further: dict[str, float] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, float]:
        """Percentages at the end of the training by figure."""
        return {figure_of(self.metric): self.last} | self.further

    @property
    def last(self) -> float:
        """Percentage at the end of the training."""
        return self.values[max(self.values)]

    @property
    def best(self) -> float:
        """Highest percentage of all validations.

        It is optimistic: the best epoch is chosen on the validation images.
        """
        return max(self.values.values())


def read_protocol_run(work_dir: str | os.PathLike) -> ProtocolRun:
    """Read the latest run in a work folder of ``tools/train.py``.

    The config that MMEngine saves there names the protocol and its metric:
    ``protocol = dict(name=..., metric=...)``. An entry ``further_metrics``
    lists other metrics of the log to report.

    Args:
        work_dir: Work folder of the run.

    Raises:
        FileNotFoundError: If the folder holds no run.
        ValueError: If the config names no protocol or is code, or the run
            was not validated or did not reach its end.
    """
    folder = RunFolder(work_dir)
    file = folder.config_file()
    if not folder.logs():
        raise FileNotFoundError(
            f'{work_dir} holds no run: the log vis_data/scalars.json that '
            'tools/train.py writes is missing. Give the --work-dir of a '
            'training'
        )
    cfg = _values(file)
    if 'protocol' not in cfg:
        raise ValueError(
            f'{file} names no protocol: add protocol=dict(name=..., '
            'metric=...), as in the configs of configs/evaluation'
        )
    metric = cfg.protocol.metric
    values = {
        step: in_percent(metric, value)
        for step, value in folder.values(metric).items()
    }
    length = cfg.train_cfg.get('max_epochs') or cfg.train_cfg.max_iters
    if max(values) < length:
        raise ValueError(
            f'the run in {work_dir} was validated last after {max(values)} '
            f'of {length}: finish it with tools/train.py --resume'
        )
    init_cfg = cfg.get('model', {}).get('backbone', {}).get('init_cfg') or {}
    return ProtocolRun(
        cfg.protocol.name,
        metric,
        values,
        init_cfg.get('checkpoint', ''),
        {
            figure_of(other): in_percent(other, folder.last_value(other))
            for other in cfg.protocol.get('further_metrics', ())
        },
    )


def _values(file: Path) -> Config:
    """Return what a config says, which may be from elsewhere: as values."""
    try:
        text = file.read_text(encoding='utf-8', errors='replace')
        return Config(config_values(text))
    except (KeyError, ValueError) as error:
        raise ValueError(
            f'the config {file} is not read: {error.args[0]}. Give the '
            'folder of a training as tools/train.py has written it'
        ) from error
