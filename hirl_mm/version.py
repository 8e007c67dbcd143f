import subprocess
from pathlib import Path

__version__ = '0.1.0'


def source_commit() -> str | None:
    """Return the commit of the source that is running.

    Returns:
        Hash of the commit, with ``-dirty`` behind it if files that Git knows
        differ from it; None for a package that was installed without its
        repository.
    """
    try:
        # An installed package may lie in the repository of another project.
        _git('ls-files', '--error-unmatch', Path(__file__).name)
        return _git(
            *('describe', '--always', '--dirty', '--abbrev=40'),
            *('--exclude', '*'),
        )
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*words: str) -> str:
    done = subprocess.run(
        ['git', *words],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
