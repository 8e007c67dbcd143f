"""A run of studies, what it depends on, and what is recorded of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from ..report import MachineFacts
from ..study_run import StudyRun
from .spent_time import SpentSeconds

# Data set, arm and seed of a run.
Key = tuple[str, str, int]


class _AllSettings(TypedDict):
    data: str
    images: str | None
    arm: str
    seed: int
    recipe: str
    trained: bool
    ks: Sequence[int]
    num_labels: int


class RunSettings(_AllSettings, total=False):
    """Settings that the figures of a run depend on.

    Those that a file of studies does not have are left out, so that records
    of before there were such settings stay valid.
    """

    num_prototypes: Sequence[int]
    stages: Sequence[int]
    gpus: int


class RunFacts(MachineFacts):
    """Where and with which versions a run was made."""

    commit: str | None
    device: str
    threads: int
    python: str
    mmengine: str
    mmpretrain: str


class RunRecord(RunFacts, SpentSeconds):
    """What is recorded of a finished run."""

    figures: dict[str, float]


@dataclass(frozen=True)
class GridRun(StudyRun[Key, RunRecord]):
    """A run of a file of studies, as its plan says."""

    settings: RunSettings
