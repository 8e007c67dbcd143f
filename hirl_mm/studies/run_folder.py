"""Read the work folder of a training."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from hirl_mm.engine.runtime.found_checkpoints import find_checkpoint


@dataclass(frozen=True)
class RunFolder:
    """Read the work folder of a run of ``tools/train.py``.

    A resumed run has one log per start; all of them belong to the run.

    Args:
        path: Work folder of the run.

    Example:
        >>> log = Path('linear/20260101_120000/vis_data/scalars.json')
        >>> log.parent.mkdir(parents=True)
        >>> _ = log.write_text('{"step": 1, "accuracy/top1": 71.4}\\n')
        >>> RunFolder('linear').last_value('accuracy/top1')
        71.4
    """

    path: str | os.PathLike

    def config_file(self) -> Path:
        """Return the config file that MMEngine saved at the last start.

        Raises:
            FileNotFoundError: If the folder holds no config.
        """
        configs = sorted(Path(self.path).glob('*.py'), key=os.path.getmtime)
        if not configs:
            raise FileNotFoundError(
                f'{self.path} holds no run: the config that tools/train.py '
                'saves is missing. Give the --work-dir of a training'
            )
        return configs[-1]

    def has_checkpoint(self) -> bool:
        """Return whether the run has saved a checkpoint, even a broken one."""
        return any(find_checkpoint(Path(self.path)))

    def last_checkpoint(self) -> Path:
        """Return the newest whole checkpoint, even if the folder was moved.

        Raises:
            FileNotFoundError: If the run has saved no checkpoint, or the
                files were deleted.
            OSError: If all are broken.
        """
        file, broken = find_checkpoint(Path(self.path))
        if file is not None:
            return Path(file)
        if broken:
            raise OSError(broken[0])
        raise FileNotFoundError(
            f'{self.path} holds no checkpoint: the run has saved none, or '
            'they were deleted. Train again, or give another folder'
        )

    def logs(self) -> list[list[dict]]:
        """Return the logged scalars of every start of the run, in order.

        Returns:
            A list per start, with a dictionary per line of its
            ``scalars.json``; empty for a folder without logs. An incomplete
            last line, which a killed process leaves behind, is skipped.

        Raises:
            ValueError: If another line is not valid JSON.
        """
        files = Path(self.path).glob('*/vis_data/scalars.json')
        return [read_scalars(file) for file in sorted(files)]

    def values(self, metric: str) -> dict[int, float]:
        """Return the values of a metric by step.

        Args:
            metric: Name of the metric in the log, such as
                ``'accuracy/top1'``.

        Returns:
            Value by step, ascending. A step is an epoch if the training
            loop counts epochs, else an iteration. If a resumed run logged a
            step again, the last value counts.

        Raises:
            ValueError: If the metric was never logged.
        """
        lines = [line for log in self.logs() for line in log]
        found = {ln['step']: ln[metric] for ln in lines if metric in ln}
        if not found:
            raise ValueError(
                f'the logs in {self.path} have no value of {metric}: the run '
                'was stopped before its first validation, or its '
                'val_evaluator does not compute this metric'
            )
        return dict(sorted(found.items()))

    def last_value(self, metric: str) -> float:
        """Return the value of a metric at its last step.

        Args:
            metric: Name of the metric in the log.

        Raises:
            ValueError: If the metric was never logged.
        """
        return list(self.values(metric).values())[-1]


def read_scalars(file: Path) -> list[dict]:
    """Return the lines of the log ``scalars.json`` of one start of a run.

    Args:
        file: The log. An incomplete last line, which a killed process leaves
            behind, is skipped.

    Raises:
        ValueError: If another line is not valid JSON.
    """
    lines = file.read_text().splitlines(keepends=True)
    if lines and not lines[-1].endswith('\n'):
        lines.pop()
    scalars = []
    for number, line in enumerate(lines, start=1):
        try:
            scalars.append(json.loads(line))
        except ValueError as error:
            raise ValueError(
                f'line {number} of {file} is broken ({error}): delete that '
                'line to read the others'
            ) from error
    return scalars
