"""One training of a study and its record."""

import hashlib
import json
import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from hirl_mm.engine.checks.work_folder import files_of_runs
from hirl_mm.files import replacing

KeyT = TypeVar('KeyT', bound=Hashable)
# A value that JSON can store, as a record holds it.
ResultT = TypeVar('ResultT')


@dataclass(frozen=True)
class StudyRun(Generic[KeyT, ResultT]):
    """One training of a study.

    Its work folder holds a record with the settings, written before the
    training, and the result, added after it. With the record a stopped study
    can continue, and results of different settings are never mixed.

    Args:
        key: Key of the result, such as ``('plain', 0.1, 0)``.
        config: Config file of the training.
        folder: Work folder of the training.
        settings: All settings that the result depends on, as values that JSON
            can store.
        options: Config options ``KEY=VALUE``, passed to ``--cfg-options`` of
            ``tools/train.py``.
        record_name: File name of the record in the work folder.
    """

    key: KeyT
    config: str | os.PathLike
    folder: Path
    settings: Mapping[str, object]
    options: tuple[str, ...] = ()
    record_name: str = 'study_run.json'

    @property
    def record(self) -> Path:
        """Path of the file with the settings and the result."""
        return self.folder / self.record_name

    def result(self) -> ResultT | None:
        """Return the result if the run is finished, else None.

        Raises:
            ValueError: If the folder holds a run with other or unknown
                settings.
        """
        if not self.record.is_file():
            if files_of_runs(self.folder):
                raise ValueError(
                    f'{self.folder} holds a run of unknown settings: it has '
                    f'no record {self.record_name}. Choose another '
                    '--work-dir, or delete this folder'
                )
            return None
        stored = self._stored()
        now = json.loads(json.dumps(self.settings))
        different = [
            f'{name} was {stored["settings"].get(name)}, now {now.get(name)}'
            for name in dict.fromkeys([*now, *stored['settings']])
            if stored['settings'].get(name) != now.get(name)
        ]
        if different:
            raise ValueError(
                f'{self.record} is that of a run of other settings: '
                f'{"; ".join(different)}. Runs with different settings '
                'cannot be compared: choose another folder, or delete this '
                'one'
            )
        return stored['value']

    def note(self, result: ResultT | None) -> None:
        """Write the record: the settings and the result.

        Args:
            result: Result of the run; None if it is not finished.
        """
        with replacing(self.record) as temporary:
            content = dict(settings=self.settings, value=result)
            temporary.write_text(json.dumps(content, indent=2) + '\n')

    def _stored(self) -> dict:
        try:
            stored = json.loads(self.record.read_text())
            return dict(settings=stored['settings'], value=stored['value'])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f'{self.record} is no record of a run ({error!r}): delete '
                f'{self.folder}, or choose another folder'
            ) from error


def recipe_fingerprint(text: str) -> str:
    """Return a hash of the text of a config, 16 hexadecimal digits.

    Args:
        text: Text of the config.
    """
    return hashlib.sha256(text.encode()).hexdigest()[:16]
