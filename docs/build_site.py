"""Build the documentation site from docs/ and from pages beside the code.

Pages such as configs/hirl/README.md belong to the site, too, and one of all
error messages, which is made of the source. Links to pages lead to their
places in the site; links to other files of the repository become text,
because the site does not hold these files.
"""

import argparse
import os
import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from error_messages import error_page

ROOT = Path(__file__).resolve().parents[1]
# A link or picture of Markdown: its text and its target.
_LINK = re.compile(r'(!?)\[((?:[^][]|\[[^][]*\])*)\]\(([^()\s]+)\)')
_FENCE = re.compile(r'^(?:```|~~~).*?^(?:```|~~~)[^\S\n]*$', re.M | re.S)


def pages() -> dict[str, str]:
    """Return the pages: paths in the repository to paths in the site."""
    found = {
        'README.md': 'index.md',
        'CONTRIBUTING.md': 'contributing.md',
        'CHANGELOG.md': 'changelog.md',
        'RELEASING.md': 'releasing.md',
        'benchmarks/README.md': 'benchmarks.md',
        'docs/error_messages.py': 'errors.md',
    }
    for path in sorted(ROOT.glob('docs/**/*.md')):
        place = path.relative_to(ROOT / 'docs').as_posix()
        found[f'docs/{place}'] = place
    for path in sorted(ROOT.glob('configs/**/README.md')):
        place = path.relative_to(ROOT).as_posix()
        folder = path.parent.relative_to(ROOT / 'configs').as_posix()
        found[place] = f'recipes/{folder.replace("/", "-")}.md'
    return {k: v for k, v in found.items() if (ROOT / k).is_file()}


def in_site(text: str, page: str, places: dict[str, str]) -> str:
    """Return a page with links as they are in the site.

    Args:
        text: Markdown of the page.
        page: Its path in the repository.
        places: Result of :func:`pages`.
    """
    here = posixpath.dirname(places[page])

    def moved(match: re.Match) -> str:
        picture, words, target = match.groups()
        if re.match(r'[a-z]+:|#', target):
            return match.group(0)
        path, _, anchor = target.partition('#')
        path = posixpath.normpath(
            posixpath.join(posixpath.dirname(page), path)
        )
        if path in places:
            new = posixpath.relpath(places[path], here)
            # The name of a file says less there than the title of the page.
            words = '' if words.endswith('.md') else words
            return f'[{words}]({new}{"#" * bool(anchor)}{anchor})'
        if picture:
            new = posixpath.relpath(path, posixpath.join('docs', here))
            return f'![{words}]({new})'
        return words

    parts, end = [], 0
    for fence in _FENCE.finditer(text):
        parts += _LINK.sub(moved, text[end : fence.start()]), fence.group(0)
        end = fence.end()
    return ''.join([*parts, _LINK.sub(moved, text[end:])])


def write_source(folder: Path) -> None:
    """Write the source of the site, from which Sphinx makes HTML."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        ROOT / 'docs',
        folder,
        ignore=shutil.ignore_patterns('*.md', '*.json', '__pycache__'),
    )
    places = pages()
    for page, place in places.items():
        if page == 'README.md':
            continue
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        made = page == 'docs/error_messages.py'
        text = error_page() if made else (ROOT / page).read_text()
        file.write_text(in_site(text, page, places))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--out',
        default=ROOT / 'build/docs',
        type=Path,
        help='folder of the HTML pages (default: build/docs)',
    )
    args = parser.parse_args()
    source = args.out.with_name(f'{args.out.name}-source')
    write_source(source)
    paths = [str(ROOT), os.environ.get('PYTHONPATH', '')]
    status = subprocess.run(
        [sys.executable, '-m', 'sphinx', '-W', '--keep-going', '-q']
        + ['-b', 'html', str(source), str(args.out)],
        env=dict(
            os.environ,
            PYTHONPATH=os.pathsep.join(filter(None, paths)),
            HIRL_MM_ROOT=str(ROOT),
        ),
        check=False,
    ).returncode
    if status:
        sys.exit(status)
    print(f'built {args.out / "index.html"}')


if __name__ == '__main__':
    main()
