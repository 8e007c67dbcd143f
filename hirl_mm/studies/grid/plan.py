"""The runs of a file of studies."""

from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from hirl_mm.datasets.taxonomy import HIERARCHY_FILE
from hirl_mm.engine.features.dataset_features import TRAIN, VAL
from hirl_mm.engine.runtime.cfg_options import merge_options
from hirl_mm.files import replacing

from ..study_run import recipe_fingerprint
from ..sweep.plan import folder_name
from .budget import check_equal_budgets, with_epochs
from .grid_run import GridRun, Key, RunSettings
from .study_file import Study, StudyData, StudyFile

# Entries of a config that name the folder of the images.
_ROOTS = 'train_dataloader.dataset', TRAIN, VAL


def plan_runs(file: StudyFile, work_dir: Path) -> list[GridRun]:
    """Write the configs of all arms and return the runs of all studies.

    Args:
        file: The studies.
        work_dir: Folder that gets a folder per data set, with a config per
            arm and a work folder per run.

    Returns:
        Runs in the order in which they are made: study by study, and in a
        study seed by seed, so that wherever the runs are cut off, as many
        pairs as possible are complete. A run that several studies need comes
        once.

    Raises:
        FileNotFoundError: If a folder of images is missing.
        ValueError: If two trainings of a pair have different budgets, or a
            folder holds a run of other settings.
    """
    # Text of the config, and hash of the images, by data set and arm.
    planned: dict[tuple[str, str], tuple[str, str | None]] = {}
    for study in file.studies:
        for data in study.data:
            arms = {arm: merged(file, data, arm) for arm in study.arms}
            for pair in study.pairs:
                check_equal_budgets(
                    {arm: arms[arm] for arm in pair if file.arms[arm].trained}
                )
            planned |= {
                (data, arm): (cfg.pretty_text, _images(file, data, cfg))
                for arm, cfg in arms.items()
            }
    keys = dict.fromkeys(k for study in file.studies for k in keys_of(study))
    runs = [_run(file, key, *planned[key[:2]], work_dir) for key in keys]
    for run in runs:
        run.result()  # Raises before a config is replaced.
    for (data, arm), (text, _) in planned.items():
        with replacing(_config_file(work_dir, data, arm)) as temporary:
            temporary.write_text(text)
    return runs


def keys_of(study: Study) -> Iterator[Key]:
    """Keys of the runs that a study needs, seed by seed."""
    for seed in study.seeds:
        for data in study.data:
            for arm in study.arms:
                yield data, arm, seed


def merged(file: StudyFile, data: str, arm: str) -> Config:
    """Return the config of an arm on a data set.

    Args:
        file: The studies.
        data: Name of the data set.
        arm: Name of the arm.

    Raises:
        FileNotFoundError: If the folder of images is missing.
        ValueError: If the file has a number of epochs that the training
            cannot have.
    """
    images, way = file.data[data], file.arms[arm]
    cfg = Config.fromfile(way.config)
    merge_options(
        cfg, _roots(images, data) | dict(images.options) | dict(way.options)
    )
    return cfg if file.epochs is None else with_epochs(cfg, file.epochs)


def _roots(images: StudyData, data: str) -> dict[str, object]:
    """Config values that name the folder of the images, if it is given."""
    if images.root is None:
        return {}
    if not Path(images.root, 'train').is_dir():
        how = f'; write it with: {images.prepare}' if images.prepare else ''
        raise FileNotFoundError(
            f'there is no folder {images.root}/train of the data set '
            f'{data!r}{how}'
        )
    return {f'{name}.data_root': images.root for name in _ROOTS}


def _run(
    file: StudyFile, key: Key, text: str, images: str | None, work_dir: Path
) -> GridRun:
    data, arm, seed = key
    settings = RunSettings(
        data=data,
        images=images,
        arm=arm,
        seed=seed,
        recipe=recipe_fingerprint(text),
        trained=file.arms[arm].trained,
        ks=list(file.ks),
        num_labels=file.num_labels,
    )
    if file.num_prototypes:
        settings['num_prototypes'] = list(file.num_prototypes)
    if file.stages:
        settings['stages'] = list(file.stages)
    if file.gpus > 1:
        settings['gpus'] = file.gpus
    return GridRun(
        key,
        _config_file(work_dir, data, arm),
        work_dir / folder_name(data) / folder_name(arm) / f'seed-{seed}',
        settings,
        (f'randomness.seed={seed}',),
        'run.json',
    )


def _images(file: StudyFile, data: str, cfg: Config) -> str | None:
    """Hash of what a generated folder says about its images and classes."""
    root = file.data[data].root or cfg.get(TRAIN, {}).get('data_root')
    if not root:
        return None
    files = [Path(root, name) for name in ('dataset.json', HIERARCHY_FILE)]
    texts = [file.read_text() for file in files if file.is_file()]
    return recipe_fingerprint(''.join(texts)) if texts else None


def _config_file(work_dir: Path, data: str, arm: str) -> Path:
    return work_dir / folder_name(data) / f'{folder_name(arm)}.py'
