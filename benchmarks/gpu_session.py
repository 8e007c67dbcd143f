"""The measurements of a GPU that fit in ten minutes."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hirl_mm.files import replacing

ROOT = Path(__file__).resolve().parents[1]


class Part(NamedTuple):
    """A benchmark of the session.

    Args:
        module: Module to run.
        options: Its command line, without ``--out``.
        quick: Options with which it runs on a CPU in seconds.
        limit: Longest time in seconds.
    """

    module: str
    options: str
    quick: str
    limit: float


_SIZE = '--num-features 1281167 --num-clusters 30000 --dims 128'
# The most important ones first: a session may be cut off anywhere.
PARTS = {
    'from_jpeg': Part(
        'benchmarks.epochs.from_jpeg',
        '--device cuda --full --rounds 1 --seconds 10',
        '--quick',
        130,
    ),
    'path_loss': Part(
        'benchmarks.loss.path_loss', '--device cuda', '--quick', 50
    ),
    'step': Part(
        'benchmarks.step.throughput',
        '--device cuda --full --methods mocov2 dino --rounds 3',
        '--quick --methods mocov2',
        90,
    ),
    'variants': Part(
        'benchmarks.step.variants',
        '--device cuda --full --variants channels-last fused tf32',
        '--quick --methods mocov2 --variants channels-last fused tf32',
        85,
    ),
    'assignment': Part(
        'benchmarks.clustering.kmeans_gpu',
        f'--parts assignment update --rounds 1 {_SIZE}',
        '--quick --device cpu --parts assignment update',
        70,
    ),
    'tree': Part(
        'benchmarks.clustering.kmeans_gpu',
        '--parts tree --emulated-iterations 1',
        '--quick --device cpu --parts tree',
        90,
    ),
    'worker_cost': Part(
        'benchmarks.worker_cost', '', '--num 2 --rounds 1', 70
    ),
}


def run_session(
    out: Path, quick: bool, parts: Mapping[str, Part] = PARTS
) -> int:
    """Run all parts, each in a process of its own with its limit.

    ``session.json`` in the folder has what each part has measured, and is
    written after every part; a part that reaches its limit is ended, and what
    it had written counts.

    Args:
        out: Folder of the results, created if it does not exist.
        quick: Whether to use tiny sizes, on the CPU.
        parts: Parts of the session by name.

    Returns:
        Number of parts that failed or reached their limit.
    """
    out.mkdir(parents=True, exist_ok=True)
    session, begin = {}, time.perf_counter()
    for name, part in parts.items():
        path = out / f'{name}.json'
        path.unlink(missing_ok=True)
        options = (part.quick if quick else part.options).split()
        command = [sys.executable, '-m', part.module, *options]
        start = time.perf_counter()
        with open(out / f'{name}.log', 'w') as log:
            try:
                code = subprocess.run(
                    [*command, '--out', str(path)],
                    cwd=ROOT,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    timeout=part.limit,
                ).returncode
                status = f'exit status {code}' if code else 'done'
            except subprocess.TimeoutExpired:
                status = f'ended after {part.limit:.0f} s'
        session[name] = dict(
            status=status,
            seconds=round(time.perf_counter() - start, 1),
            command=' '.join(['python', '-m', part.module, *options]),
            result=json.loads(path.read_text()) if path.exists() else None,
        )
        with replacing(out / 'session.json') as temporary:
            temporary.write_text(json.dumps(session, indent=2) + '\n')
        passed = time.perf_counter() - begin
        print(f'{name}: {status}, {passed:.0f} s in all', flush=True)
    return sum(part['status'] != 'done' for part in session.values())
