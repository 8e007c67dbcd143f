"""Plan the trainings of a comparison of methods."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.config import Config

from hirl_mm.engine.runtime.cfg_options import merge_options
from hirl_mm.files import replacing

from ..study_run import StudyRun, recipe_fingerprint
from ..sweep.plan import folder_name
from .budget import check_equal_budgets, with_epochs

# Name of the arm that is not trained.
RANDOM = 'random weights'


def plan_methods(
    arms: Mapping[str, str],
    seeds: Sequence[int],
    work_dir: Path,
    num_prototypes: Sequence[int],
    epochs: int | None = None,
    options: Mapping[str, object] | None = None,
    stages: Sequence[int] = (),
) -> list[StudyRun]:
    """Write the configs of a comparison and return its runs.

    Args:
        arms: Config file by name of the method.
        seeds: Seeds of the trainings of every method.
        work_dir: Folder of the comparison, which gets a config file per
            method and a work folder per run.
        num_prototypes: What the results of the runs depend on as well, see
            :func:`~hirl_mm.studies.methods.measure_run`.
        epochs: Number of epochs of all methods, see
            :func:`~hirl_mm.studies.methods.budget.with_epochs`; None for that
            of the configs.
        options: Values that all configs get, by dotted names.
        stages: As ``num_prototypes``.

    Returns:
        Runs with keys (method, seed), all methods of the first seed first.

    Raises:
        FileNotFoundError: If a config file is missing.
        ValueError: If budgets differ, seeds repeat, names are too similar, or
            the folder holds a comparison with other settings.
    """
    _check_names(arms, seeds)
    configs = {arm: Config.fromfile(file) for arm, file in arms.items()}
    for arm, cfg in configs.items():
        merge_options(cfg, dict(options or {}))
        configs[arm] = cfg if epochs is None else with_epochs(cfg, epochs)
    check_equal_budgets(configs)
    files = {arm: work_dir / f'{folder_name(arm)}.py' for arm in arms}
    texts = {arm: cfg.pretty_text for arm, cfg in configs.items()}
    for arm, text in texts.items():
        _check_kept(text, files[arm])
    for arm, text in texts.items():
        with replacing(files[arm]) as temporary:
            temporary.write_text(text)
    return [
        StudyRun(
            (arm, seed),
            files[arm],
            work_dir / folder_name(arm) / f'seed-{seed}',
            dict(
                recipe=recipe_fingerprint(text),
                seed=seed,
                num_prototypes=list(num_prototypes),
                **(dict(stages=list(stages)) if stages else {}),
            ),
            (f'randomness.seed={seed}',),
        )
        for seed in seeds
        for arm, text in texts.items()
    ]


def _check_names(arms: Mapping[str, str], seeds: Sequence[int]) -> None:
    folders = {folder_name(arm) for arm in (*arms, RANDOM)} - {''}
    if len(folders) < len(arms) + 1:
        raise ValueError(
            f'arms need names that differ in letters or digits, and none '
            f'{RANDOM!r}, which is measured too; got {list(arms)}'
        )
    if len(set(seeds)) < len(seeds):
        raise ValueError(f'seeds must differ, got {seeds}')
    for arm, file in arms.items():
        if not Path(file).is_file():
            raise FileNotFoundError(f'there is no config {file} for {arm}')


def _check_kept(text: str, path: Path) -> None:
    if path.exists() and path.read_text() != text:
        raise ValueError(
            f'{path} is of a comparison with other settings: use those '
            'settings to continue it, or choose another --work-dir'
        )
