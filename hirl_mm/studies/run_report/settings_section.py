"""Settings of runs: in what they differ, and all of them."""

import inspect
from collections.abc import Sequence
from pathlib import Path

from hirl_mm.pages.run_report import Folded, Note, Part, Section, Table

from ..run_folder import RunFolder
from .config_difference import config_differences
from .literal_config import literal_config
from .recipes import recipe_of, recipe_text
from .run_record import RunRecord

# Beside those of MMEngine's Runner, which are looked up there.
_FURTHER = {'protocol', 'data_preprocessor'}


def settings_section(
    records: Sequence[RunRecord], recipe: Path | None
) -> Section:
    """Return the section of settings.

    Args:
        records: The runs. Several are compared with each other, a single one
            with a recipe.
        recipe: Config to compare a single run with; None for the recipe of
            its name.
    """
    parts: list[Part] = []
    texts: dict[str, str] = {}
    whole: list[Part] = []
    for record in records:
        try:
            file = RunFolder(record.folder).config_file()
            text = file.read_text(errors='replace')
        except OSError as error:
            parts.append(Note(f'{error}.', 'missing'))
            continue
        texts[record.name] = text
        whole.append(Folded(f'Whole config of {record.name}', text))
        if len(records) == 1:
            parts += _with_recipe(texts, recipe or recipe_of(file.stem))
    if len(records) > 1:
        try:
            parts.append(_table('Settings that differ', texts))
        except ValueError as error:
            parts.append(Note(f'Not compared: {error}', 'missing'))
    return Section('Settings', [*parts, *whole])


def _with_recipe(texts: dict[str, str], recipe: Path | None) -> list[Part]:
    if recipe is None:
        text = 'Settings are compared with nothing: the project has no recipe'
        tail = ' of this name or method. Name a config with --recipe.'
        return [Note(text + tail, 'missing')]
    name = f'recipe {recipe.stem}'
    try:
        return [
            _table(
                'Settings that differ from the recipe',
                texts | {name: recipe_text(recipe)},
            )
        ]
    except ValueError as error:
        return [Note(f'Not compared with {recipe.name}: {error}', 'missing')]


def _table(title: str, texts: dict[str, str]) -> Part:
    configs = []
    for name, text in texts.items():
        try:
            configs.append(literal_config(text))
        except ValueError as error:
            raise ValueError(f'config of {name}: {error}') from error
    rows = config_differences(configs, _runner_settings() | _FURTHER)
    if not rows or len(configs) < 2:
        return Note(f'{title}: none.')
    cells = [[key, *values] for key, values in rows]
    return Table(title, ['setting', *texts], cells, left=len(texts) + 1)


def _runner_settings() -> set[str]:
    # Imported here, because it takes seconds.
    from mmengine.runner import Runner

    return set(inspect.signature(Runner).parameters)
