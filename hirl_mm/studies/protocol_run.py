"""What a run of a trained protocol ended with."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config


@dataclass(frozen=True)
class ProtocolRun:
    """A finished run of a downstream training.

    Args:
        protocol: Name of the protocol, such as ``'linear'``.
        metric: Name of the metric in MMEngine's log.
        values: Percent by epoch, or by iteration.
        checkpoint: File of the pre-trained backbone; empty for none.
    """

    protocol: str
    metric: str
    values: dict[int, float]
    checkpoint: str

    @property
    def last(self) -> float:
        """Percent at the end of the training."""
        return self.values[max(self.values)]

    @property
    def best(self) -> float:
        """The highest percent of all validations, chosen by looking."""
        return max(self.values.values())


def read_protocol_run(work_dir: str | os.PathLike) -> ProtocolRun:
    """Read the latest run in a work folder of tools/train.py.

    The config that MMEngine keeps there says what was trained:
    ``protocol = dict(name=..., metric=...)``.

    Raises:
        FileNotFoundError: If the folder holds no run.
        ValueError: If the run has no such protocol, has not been validated,
            or has not come to its end.
    """
    work_dir = Path(work_dir)
    configs = sorted(work_dir.glob('*.py'), key=os.path.getmtime)
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'))
    if not configs or not logs:
        raise FileNotFoundError(
            f'{work_dir} holds no run: it needs the config and the folder '
            'vis_data/scalars.json that tools/train.py leaves'
        )
    cfg = Config.fromfile(configs[-1])
    if 'protocol' not in cfg:
        raise ValueError(
            f'{configs[-1]} names no protocol; the configs in '
            'configs/evaluation do, as protocol=dict(name=..., metric=...)'
        )
    metric = cfg.protocol.metric
    values = {}
    for log in logs:
        values |= _values(log, metric)
    if not values:
        raise ValueError(
            f'the runs in {work_dir} have no value of {metric}; they were '
            'stopped before their first validation'
        )
    length = cfg.train_cfg.get('max_epochs') or cfg.train_cfg.max_iters
    if max(values) < length:
        raise ValueError(
            f'the run in {work_dir} was validated last after {max(values)} '
            f'of {length}; go on with tools/train.py --resume'
        )
    init_cfg = cfg.get('model', {}).get('backbone', {}).get('init_cfg') or {}
    return ProtocolRun(
        cfg.protocol.name, metric, values, init_cfg.get('checkpoint', '')
    )


def _values(log: Path, metric: str) -> dict[int, float]:
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {line['step']: line[metric] for line in lines if metric in line}
