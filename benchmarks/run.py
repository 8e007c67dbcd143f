"""Run all benchmarks with one command.

Every benchmark runs in its own process, one after the other. One folder
collects their JSON files, their logs, and `results.md` with all tables. A
benchmark that fails is reported, and the others still run.
"""

import argparse
import datetime
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hirl_mm.files import replacing

ROOT = Path(__file__).resolve().parents[1]
# Also as a script, not as a module of the package.
sys.path.insert(0, str(ROOT))
# The room of every benchmark of the suite.
ROOMS = dict(
    kmeans_cpu='clustering',
    hierarchical_kmeans='clustering',
    kmeans_processes='clustering',
    fidelity='clustering',
    modes='epochs',
    overhead='epochs',
    path_loss='loss',
    kmeans_gpu='clustering',
    throughput='step',
    cross_levels='step',
    cross_samples='step',
    pyramid='step',
    neighbor_search='features',
    tree_use='features',
    loading='data',
    thumbnails='pages',
    view_libraries='views',
)
# Those that take --clock.
CLOCKED = (
    'cross_levels',
    'cross_samples',
    'kmeans_cpu',
    'hierarchical_kmeans',
    'loading',
    'neighbor_search',
    'overhead',
    'path_loss',
    'pyramid',
    'throughput',
    'thumbnails',
    'tree_use',
    'view_libraries',
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--out',
        default='benchmark_results',
        help='folder to write (default: %(default)s)',
    )
    parser.add_argument(
        '--only',
        nargs='+',
        choices=list(ROOMS),
        default=list(ROOMS),
        metavar='NAME',
        help=f'benchmarks to run, of {", ".join(ROOMS)} (default: all)',
    )
    parser.add_argument(
        '--quick',
        action='store_true',
        help='tiny sizes, to check that all run',
    )
    parser.add_argument(
        '--gpu-session',
        action='store_true',
        help='the measurements of a GPU alone, which fit in ten minutes; '
        'session.json is written after every part, and the session may be '
        'cut off anywhere',
    )
    parser.add_argument(
        '--clock',
        choices=['wall', 'process'],
        default='wall',
        help='process: CPU time of the process, for a CPU that others use '
        f'too; of {", ".join(CLOCKED)} (default: %(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    out = Path(args.out).resolve()
    if args.gpu_session:
        from benchmarks.gpu_session import run_session

        sys.exit(run_session(out, args.quick))
    out.mkdir(parents=True, exist_ok=True)
    sections, failed, spent = [], [], []
    for index, name in enumerate(args.only):
        print(f'[{index + 1}/{len(args.only)}] {name}{_eta(spent, args)}')
        sys.stdout.flush()
        start = time.perf_counter()
        code, table = run(name, out, args)
        spent.append(time.perf_counter() - start)
        if code:
            failed.append(name)
            table = f'failed with exit status {code}, see {name}.log\n'
        took = _duration(spent[-1])
        machine = _machine(out / f'{name}.json')
        sections.append(f'## {name}\n\n{table}\n{machine}; {took}.\n')
        print(f'    {"failed" if code else "done"} after {took}')
        with replacing(out / 'results.md') as temporary:
            temporary.write_text('# Results\n\n' + '\n'.join(sections))
    print(f'tables in {out / "results.md"}')
    if failed:
        sys.exit(f'failed: {", ".join(failed)}')


def run(name: str, out: Path, args: argparse.Namespace) -> tuple[int, str]:
    """Run one benchmark; return its exit status and its tables."""
    command = [sys.executable, '-m', f'benchmarks.{ROOMS[name]}.{name}']
    command += ['--out', str(out / f'{name}.json')]
    if args.quick:
        command.append('--quick')
    if name in CLOCKED:
        command += ['--clock', args.clock]
    with open(out / f'{name}.log', 'w') as log:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    return done.returncode, done.stdout


def _machine(result: Path) -> str:
    """Return when, at what commit and where a result was measured."""
    if not result.exists():
        return 'no result'
    found = json.loads(result.read_text())['machine']
    commit, _, changed = str(found['commit']).partition('-')
    return (
        f'{found["date"]}, commit {commit[:7]}'
        f'{" with changes" if changed else ""}, '
        f'{found["num_cores"]} cores {found["cpu"]}, '
        f'load {found["load_average"]:.1f}'
    )


def _eta(spent: Sequence[float], args: argparse.Namespace) -> str:
    """Estimate when the suite ends from the mean time of a benchmark."""
    if not spent:
        return ''
    left = sum(spent) / len(spent) * (len(args.only) - len(spent))
    end = datetime.datetime.now() + datetime.timedelta(seconds=left)
    return f' (about {_duration(left)} left, until {end:%H:%M})'


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f'{minutes} min {seconds} s' if minutes else f'{seconds} s'


if __name__ == '__main__':
    main()
