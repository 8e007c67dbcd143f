"""Write the configs of a search and plan its runs."""

from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config

from hirl_mm.files import replacing

from ..study_run import StudyRun, recipe_fingerprint
from .candidates import Candidate


def plan_search(
    configs: Mapping[Candidate, Config], work_dir: Path, seed: int
) -> list[StudyRun[Candidate, dict[str, float]]]:
    """Write the configs of a search and return its runs.

    Args:
        configs: Config by candidate, see
            :func:`~hirl_mm.studies.search.candidate_configs`.
        work_dir: Folder of the search, which gets a config file and a work
            folder per candidate.
        seed: Seed of the held-out images, their views and negative paths.

    Returns:
        One run per candidate; the candidate is its key.

    Raises:
        ValueError: If the folder holds a search with other settings.
    """
    files = {c: work_dir / f'{c.name}.py' for c in configs}
    for candidate, cfg in configs.items():
        _check_kept(cfg, files[candidate])
    for candidate, cfg in configs.items():
        with replacing(files[candidate]) as temporary:
            temporary.write_text(cfg.pretty_text)
    return [
        StudyRun(
            candidate,
            files[candidate],
            work_dir / candidate.name,
            dict(recipe=recipe_fingerprint(cfg.pretty_text), seed=seed),
            record_name='held_out.json',
        )
        for candidate, cfg in configs.items()
    ]


def _check_kept(cfg: Config, path: Path) -> None:
    if path.exists() and path.read_text() != cfg.pretty_text:
        raise ValueError(
            f'{path} is of a search with other settings: use those settings '
            'to continue it, or choose another --work-dir'
        )
