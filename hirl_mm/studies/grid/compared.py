"""What the finished runs of studies say about their arms."""

from collections.abc import Mapping
from dataclasses import dataclass

from .grid_run import Key, RunRecord
from .intervals import PairedDifference
from .pairs import Figures, Pair, paired_differences
from .plan import keys_of
from .study_file import Study, StudyFile

# Record of every finished run.
Results = Mapping[Key, RunRecord]


@dataclass(frozen=True)
class ComparedArms:
    """The arms of a study on one data set.

    Args:
        study: The study.
        data: Name of the data set.
        values: Value by arm, figure and seed; an arm without a finished run
            has no figures.
        differences: Differences by pair and figure, of the seeds that both
            arms have.
        missing: Keys of the runs that have no result, by arm.
    """

    study: Study
    data: str
    values: Mapping[str, Figures]
    differences: Mapping[Pair, Mapping[str, PairedDifference]]
    missing: Mapping[str, list[Key]]

    @property
    def figures(self) -> list[str]:
        """Names of all figures, in the order in which arms have them."""
        return list(dict.fromkeys(n for f in self.values.values() for n in f))


def compare_arms(file: StudyFile, results: Results) -> list[ComparedArms]:
    """Pair the results of all studies.

    Args:
        file: The studies.
        results: Records of the finished runs.

    Returns:
        A comparison per study and data set, in the order of the file.
    """
    return [
        _compared(study, data, results)
        for study in file.studies
        for data in study.data
    ]


def _compared(study: Study, data: str, results: Results) -> ComparedArms:
    values: dict[str, dict[str, dict[int, float]]] = {
        arm: {} for arm in study.arms
    }
    missing: dict[str, list[Key]] = {arm: [] for arm in study.arms}
    for key in keys_of(study):
        of_data, arm, seed = key
        if of_data != data:
            continue
        if key not in results:
            missing[arm].append(key)
            continue
        for name, value in results[key]['figures'].items():
            values[arm].setdefault(name, {})[seed] = value
    differences = {
        (ours, theirs): paired_differences(values[ours], values[theirs])
        for ours, theirs in study.pairs
    }
    return ComparedArms(study, data, values, differences, missing)
