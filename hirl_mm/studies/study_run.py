"""One training of a study, and the record of it in its folder."""

import hashlib
import json
import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hirl_mm.files import replacing

from .run_folder import RunFolder


@dataclass(frozen=True)
class StudyRun:
    """One training of a study.

    Its folder holds a record: the settings, from before the training on, and
    the result after it. So a study that was stopped goes on, and results of
    other settings are never mixed in.

    Args:
        key: What the result is filed under, such as ``('plain', 0.1, 0)``.
        config: Config file of the training.
        folder: Work folder of the training.
        settings: All that the result depends on, as JSON can hold it.
        options: ``KEY=VALUE`` for ``--cfg-options`` of ``tools/train.py``.
        record_name: File name of the record.
    """

    key: Hashable
    config: str | os.PathLike
    folder: Path
    settings: Mapping[str, object]
    options: tuple[str, ...] = ()
    record_name: str = 'study_run.json'

    @property
    def record(self) -> Path:
        """File of the settings and the result."""
        return self.folder / self.record_name

    def result(self) -> object | None:
        """Return the result if the run was finished, else None.

        Raises:
            ValueError: If the folder holds a run of other or unknown
                settings.
        """
        if not self.record.is_file():
            if RunFolder(self.folder).has_checkpoint():
                raise ValueError(
                    f'{self.folder} holds a run of unknown settings, without '
                    f'the record {self.record_name}: choose another '
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
                f'{self.folder} holds a run of other settings: '
                f'{"; ".join(different)}. Runs of unlike settings are not '
                'comparable: choose another --work-dir, or delete this one'
            )
        return stored['value']

    def note(self, result: object | None) -> None:
        """Write the settings, and the result or None before there is one."""
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
                f'{self.folder}, or choose another --work-dir'
            ) from error


def recipe_fingerprint(text: str) -> str:
    """Return 16 hexadecimal digits that tell texts of configs apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
