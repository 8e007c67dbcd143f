"""Studies: their arms, images, seeds and pairs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hirl_mm.clustering import check_num_prototypes

from ..sweep.plan import folder_name
from .figures import KS, NUM_LABELS
from .pairs import check_pairs


@dataclass(frozen=True)
class StudyArm:
    """One way to train a network, or not to train it.

    Args:
        config: Config file of the pre-training.
        options: Config values that are merged into it, by dotted names.
        trained: False for random weights of the network of the config.
    """

    config: Path
    options: Mapping[str, object] = field(default_factory=dict)
    trained: bool = True


@dataclass(frozen=True)
class StudyData:
    """Images that networks are trained on and measured with.

    Args:
        root: Folder with ``train`` and ``val``, and ``hierarchy.json`` if the
            classes have a taxonomy; None for the images that the configs of
            the arms name.
        prepare: Command that writes the folder, for the error that it is
            missing.
        options: Config values of all arms on these images, by dotted names.
    """

    root: str | None
    prepare: str = ''
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """One question: arms with the same seeds, on the same images.

    Args:
        name: Name of the study.
        question: What it is to find out, in a sentence.
        data: Names of the data sets; each has tables of its own.
        arms: Names of the arms.
        seeds: Seeds of all arms.
        pairs: Names of two arms each, the second subtracted from the first.
    """

    name: str
    question: str
    data: Sequence[str]
    arms: Sequence[str]
    seeds: Sequence[int]
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class StudyFile:
    """All studies of a file, in the order of their importance.

    Args:
        data: Images by name.
        arms: Arms by name.
        studies: The studies. Runs that several of them need are made once.
        ks: Numbers of neighbours of kNN.
        num_labels: Number of labelled images of the regression with few
            labels.
        num_prototypes: Number of prototypes per level of the tree whose
            purity is measured, from fine to coarse; empty for no tree.
        stages: Stages of a ResNet, from 1, that are measured by kNN, too.
        epochs: How often all arms see the images, see
            :func:`~hirl_mm.studies.grid.budget.with_epochs`; None for as
            often as the configs say.
        gpus: Number of processes of a training; each has a GPU if there is
            one.
        plotted: Names of the figures that the pictures show.
        pictures: Names of studies whose differences a picture shows, by the
            name of its file without suffix; all in one if there are none.
        keep_checkpoints: Whether finished runs keep their checkpoints.

    Raises:
        ValueError: If an entry does not fit the others.
    """

    data: Mapping[str, StudyData]
    arms: Mapping[str, StudyArm]
    studies: Sequence[Study]
    ks: Sequence[int] = KS
    num_labels: int = NUM_LABELS
    num_prototypes: Sequence[int] = ()
    stages: Sequence[int] = ()
    epochs: int | None = None
    gpus: int = 1
    plotted: Sequence[str] = ()
    pictures: Mapping[str, Sequence[str]] = field(default_factory=dict)
    keep_checkpoints: bool = False

    def __post_init__(self) -> None:
        for what in 'data', 'arms':
            names = getattr(self, what)
            if len({folder_name(n) for n in names} - {''}) < len(names):
                raise ValueError(
                    f'{what} need names that differ in letters or digits, '
                    f'got {list(names)}'
                )
        names = [study.name for study in self.studies]
        if not names or len(set(names)) < len(names):
            raise ValueError(f'studies need different names, got {names}')
        for study in self.studies:
            _known(study, 'data', study.data, self.data)
            _known(study, 'arms', study.arms, self.arms)
            if not study.seeds or len(set(study.seeds)) < len(study.seeds):
                raise ValueError(
                    f'study {study.name!r} needs different seeds, got '
                    f'{list(study.seeds)}'
                )
            check_pairs(study.pairs, study.arms)
        for name, shown in self.pictures.items():
            unknown = [study for study in shown if study not in names]
            bad_name = name != folder_name(name) or name == 'study'
            if unknown or not shown or bad_name:
                raise ValueError(
                    'pictures need names in small letters, other than '
                    f'study, and studies of {", ".join(names)}; got '
                    f'{name!r} of {list(shown)}'
                )
        if self.num_prototypes:
            check_num_prototypes(self.num_prototypes)
        if self.gpus < 1:
            raise ValueError(f'gpus must be at least 1, got {self.gpus}')

    def only(self, names: Sequence[str]) -> 'StudyFile':
        """Return the same file with some of its studies.

        Args:
            names: Names of the studies, in any order; the file's order stays.

        Raises:
            ValueError: If there is no study of a name.
        """
        found = [study.name for study in self.studies]
        unknown = [name for name in names if name not in found]
        if unknown:
            raise ValueError(
                f'there is no study {unknown[0]!r}; the file has '
                f'{", ".join(found)}'
            )
        studies = [study for study in self.studies if study.name in names]
        pictures = {
            picture: [study for study in shown if study in names]
            for picture, shown in self.pictures.items()
        }
        pictures = {
            picture: shown for picture, shown in pictures.items() if shown
        }
        return StudyFile(
            **vars(self) | dict(studies=studies, pictures=pictures)
        )


def _known(
    study: Study, what: str, names: Sequence[str], known: Collection[str]
) -> None:
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(set(names)) < len(names):
        raise ValueError(
            f'study {study.name!r} needs different {what} of '
            f'{", ".join(known)}; got {list(names)}'
        )
