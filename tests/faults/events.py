"""Events of a training process: noted in a file, and one of them fatal.

An event is a file that is put in place or deleted, seen before and after; a
step; a batch of the feature pass; an iteration of k-means.
"""

import os
import signal
import tempfile
from importlib import import_module

from mmengine.runner import EpochBasedTrainLoop

# Found once: it is found by writing files and deleting them.
_TEMPORARY = tempfile.gettempdir()


class Events:
    """Counts events, writes their names to a file, and ends at one of them.

    Args:
        file: File that gets a line per event.
        fatal: Number of the event at which the process kills itself, from 0;
            -1 for none.
    """

    def __init__(self, file, fatal):
        self.file = file
        self.fatal = fatal
        self.num = 0
        self.process = os.getpid()

    def note(self, name):
        if os.getpid() != self.process:  # a worker
            return
        with open(self.file, 'a') as lines:
            lines.write(f'{name}\n')
        if self.num == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.num += 1

    def around(self, owner, name, label):
        """Note what is before and after every call of a function."""
        function = getattr(owner, name)

        def noted(*args, **options):
            self.note(f'before {label(*args)}')
            found = function(*args, **options)
            self.note(f'after {label(*args)}')
            return found

        setattr(owner, name, noted)

    def watch(self):
        """Note the events of this process from now on."""

        def named(what, which):
            return lambda *args: f'{what} {_shown(args[which])}'

        self.around(os, 'replace', named('writing', 1))
        self.around(os, 'unlink', named('deleting', 0))
        self.around(os, 'remove', named('deleting', 0))
        self.around(EpochBasedTrainLoop, 'run_iter', lambda *_: 'step')
        lloyd = import_module('hirl_mm.clustering.lloyd')
        self.around(lloyd, '_means', lambda *_: 'k-means')
        passes = import_module('hirl_mm.engine.features.feature_pass')
        self.around(passes, 'normalized_images', lambda *_: 'feature pass')


def _shown(path):
    """Name of a file with its folder; that of temporary ones is their kind."""
    folder, name = os.path.split(os.fspath(path))
    if name.startswith('.') or folder in ('', _TEMPORARY):
        return 'temporary file'
    return f'{os.path.basename(folder)}/{name}'
