"""The recipe of this project that a run is an instance of."""

from pathlib import Path

import hirl_mm

_CONFIGS = Path(hirl_mm.__file__).parent / '.mim' / 'configs'
# A folder of recipes lists them in this file.
_OF_RECIPES = 'metafile.yml'


def recipe_of(name: str) -> Path | None:
    """Return the config of this project that a run was made from.

    Args:
        name: Name of the run's config, without folder and suffix.

    Returns:
        The config of this name; else the first recipe of the method with
        which the name begins, such as ``hirl-dino`` in ``hirl-dino_mine``;
        None if there is none.
    """
    files = sorted(_CONFIGS.rglob('*.py'))
    for file in files:
        if file.stem == name:
            return file
    method = name.split('_')[0]
    for file in files:
        is_recipe = (file.parent / _OF_RECIPES).is_file()
        if is_recipe and file.stem.split('_')[0] == method:
            return file
    return None


def recipe_text(file: str | Path) -> str:
    """Return a config as the training tool would save it with a run.

    Args:
        file: The config.

    Raises:
        ValueError: If it cannot be read.
    """
    from hirl_mm.engine.runtime.config_file import read_config
    from hirl_mm.engine.runtime.standard_hooks import add_standard_hooks

    try:
        cfg = read_config(str(file))
    except (OSError, SyntaxError, KeyError, ImportError) as error:
        raise ValueError(f'the config {file} cannot be read: {error}') from (
            error
        )
    add_standard_hooks(cfg, training=True)
    return cfg.pretty_text
