"""A comparison of methods as a study of one question."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .pairs import Pair
from .study_file import Study, StudyArm, StudyData, StudyFile

# Name of the arm that is not trained.
RANDOM = 'random weights'
# Numbers of neighbours of kNN.
_KS = 10, 20, 100


def methods_study(
    configs: Mapping[str, str],
    seeds: Sequence[int],
    pairs: Sequence[Pair] | None = None,
    options: Mapping[str, object] | None = None,
    **settings: Any,
) -> StudyFile:
    """Return a study of methods on the images of their configs.

    Random weights of the network of the first method stand beside them.

    Args:
        configs: Config file by name of the method.
        seeds: Seeds of all methods.
        pairs: Names of two methods each, the second subtracted from the
            first; None for every method minus the first one.
        options: Values that all configs get, by dotted names.
        **settings: Further arguments of the
            :class:`~hirl_mm.studies.grid.study_file.StudyFile`, such as
            ``epochs``.

    Raises:
        FileNotFoundError: If a config file is missing.
        ValueError: If names, seeds, pairs or settings do not fit.
    """
    if RANDOM in configs:
        raise ValueError(
            f'no method may have the name {RANDOM!r}, which is measured, too'
        )
    for name, file in configs.items():
        if not Path(file).is_file():
            raise FileNotFoundError(f'there is no config {file} for {name}')
    first, *others = configs
    study = Study(
        'methods',
        'Which method has the best features of images that all have seen '
        'equally often?',
        ['images'],
        [RANDOM, *configs],
        seeds,
        pairs or [(other, first) for other in others],
    )
    arms = {name: StudyArm(Path(file)) for name, file in configs.items()}
    return StudyFile(
        dict(images=StudyData(None, options=options or {})),
        {RANDOM: StudyArm(Path(configs[first]), trained=False), **arms},
        [study],
        ks=_KS,
        keep_checkpoints=True,
        **settings,
    )
