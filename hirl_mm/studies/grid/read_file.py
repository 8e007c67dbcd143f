"""Read the file that lists studies."""

import os
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config

from .study_file import Study, StudyArm, StudyData, StudyFile


def read_study_file(path: str | os.PathLike) -> StudyFile:
    """Read the studies of a Python config.

    It has the variables ``data``, ``arms`` and ``studies`` and may have the
    others that :class:`~hirl_mm.studies.grid.study_file.StudyFile` takes::

        data = {'digits': dict(root='data/digits')}
        arms = {
            'MoCo v2': dict(config='../small/mocov2.py'),
            'T = 0.2': dict(config='../small/mocov2.py',
                            options={'model.head.temperature': 0.2})}
        studies = [dict(name='temperature', question='Which is better?',
                        data=['digits'], arms=['MoCo v2', 'T = 0.2'],
                        seeds=[0, 1, 2], pairs=[('T = 0.2', 'MoCo v2')])]

    Args:
        path: The file. Configs of arms are relative to its folder.

    Raises:
        FileNotFoundError: If the file or a config of an arm is missing.
        ValueError: If an entry is missing, unknown or does not fit others.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'there is no study file {path}')
    try:
        content = Config.fromfile(path).to_dict()
    except SyntaxError as error:
        raise ValueError(f'{path} is no Python: {error}') from error
    kinds = StudyFile.__dataclass_fields__
    try:
        for name in 'data', 'arms', 'studies':
            if name not in content:
                raise ValueError(f'{name} is missing')
        file = StudyFile(
            **{k: v for k, v in content.items() if k in kinds}
            | dict(
                data={k: StudyData(**v) for k, v in content['data'].items()},
                arms={
                    k: _arm(path.parent, v) for k, v in content['arms'].items()
                },
                studies=[Study(**entry) for entry in content['studies']],
            )
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f'{path}: {error}') from error
    for name, arm in file.arms.items():
        if not arm.config.is_file():
            raise FileNotFoundError(
                f'there is no config {arm.config} of the arm {name!r}; '
                f'configs are relative to the folder of {path}'
            )
    return file


def _arm(folder: Path, entry: Mapping) -> StudyArm:
    arm = StudyArm(**entry)
    return StudyArm(folder / arm.config, arm.options, arm.trained)
