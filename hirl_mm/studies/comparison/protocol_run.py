"""Result of a run of a trained protocol."""

import os
from dataclasses import dataclass

from mmengine.config import Config

from ..run_folder import RunFolder


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
    folder = RunFolder(work_dir)
    file = folder.config_file()
    if not folder.logs():
        raise FileNotFoundError(
            f'{work_dir} holds no run: it needs the folder '
            'vis_data/scalars.json that tools/train.py leaves'
        )
    cfg = Config.fromfile(file)
    if 'protocol' not in cfg:
        raise ValueError(
            f'{file} names no protocol; the configs in configs/evaluation '
            'do, as protocol=dict(name=..., metric=...)'
        )
    metric = cfg.protocol.metric
    values = folder.values(metric)
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
