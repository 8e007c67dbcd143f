"""Pre-train MoCo v2 and HIRL-MoCo v2 on drawn shapes and compare them."""

import argparse
import os
import resource
import shlex
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from mmengine.logging import MMLogger

from hirl_mm.options import ToolParser, run_tool
from hirl_mm.studies import (
    RunFolder,
    TrainingError,
    follow_process,
    report_facts,
)
from hirl_mm.studies.grid.compared import ComparedArms, compare_arms
from hirl_mm.studies.grid.known_differences import (
    known_differences,
    table_beside_known,
)
from hirl_mm.studies.grid.plan import plan_runs
from hirl_mm.studies.grid.progress import progress_of
from hirl_mm.studies.grid.read_file import read_study_file
from hirl_mm.studies.grid.side_by_side import make_runs
from hirl_mm.studies.grid.slots import share_machine
from hirl_mm.studies.grid.study_file import Study, StudyFile
from hirl_mm.studies.report import write_report

ROOT = Path(__file__).resolve().parents[1]
STUDIES = 'configs/studies/small_images.py'
KNOWN = 'docs/evidence/study.json'
DATA = 'shapes'
HIRL = 'HIRL-MoCo v2'
PAIR = HIRL, 'MoCo v2'
ARMS = 'random ResNet', 'MoCo v2', HIRL
NOTE = """\
All figures are percentages of frozen features. Fine, middle and coarse are 36
shapes with textures, 12 shapes and 4 families of shapes. The last column has
the mean difference of more pairs of runs and its 95 % interval, in bold type
if that excludes 0; docs/evidence.md says how they were made.
"""
# Threads that wait for others give up the core after a short time. With the
# default of OpenMP, training is several times slower on a busy machine; on an
# idle machine this setting costs a tenth.
PATIENCE = {'GOMP_SPINCOUNT': '3000'}


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Takes about five minutes on two CPU cores. The same command '
        'goes on where it was stopped, and keeps what is finished: delete '
        'the folder to train again.',
    )
    parser.add_argument(
        '--out',
        type=Path,
        default='work_dirs/demo',
        help='folder for the report and the runs (default: %(default)s)',
    )
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='seed of both arms (default: %(default)s)',
    )
    parser.add_argument(
        '--epochs',
        type=int,
        help='epochs of both arms (default: as in the config); HIRL builds '
        'trees from a quarter of the training on',
    )
    args = parser.parse_args()
    args.out = args.out.resolve()
    return args


def step(number: int, text: str) -> None:
    print(f'\n[{number}/4] {text}', flush=True)


def tool(*command: str | Path) -> None:
    """Run a tool; print its command and, if it fails, its output."""
    words = [str(word) for word in command]
    print(f'      $ python {shlex.join(words)}', flush=True)
    output = []
    if follow_process([sys.executable, *words], output.append):
        print(''.join(output[-40:]), flush=True)
        raise TrainingError(f'{words[0]} failed, see above')


def study_of(args: argparse.Namespace) -> StudyFile:
    """Return the study of one pair, with the settings of all studies."""
    file = read_study_file(STUDIES)
    question = 'Does HIRL change the features of MoCo v2?'
    study = Study('demo', question, [DATA], ARMS, [args.seed], [PAIR])
    return replace(
        file,
        studies=[study],
        pictures={},
        epochs=args.epochs,
        keep_checkpoints=True,
    )


def pretrain(file: StudyFile, out: Path) -> tuple[ComparedArms, Path]:
    """Make the runs; return their comparison and the folder of HIRL's."""
    os.environ.update(PATIENCE | os.environ)
    runs = plan_runs(file, out)
    progress = make_runs(
        progress_of(runs),
        share_machine(),
        keep_checkpoints=True,
        log=lambda line: print(f'      {line}', flush=True),
    )
    if progress.failed:
        raise TrainingError('a pre-training failed, see above')
    (found,) = compare_arms(file, progress.results)
    (folder,) = (run.folder for run in runs if run.key[1] == HIRL)
    return found, folder


def peak_gigabytes() -> float:
    """Return the peak memory of this process or of one that it started."""
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return max(resource.getrusage(w).ru_maxrss for w in who) / 2**20


def main(args: argparse.Namespace) -> None:
    os.chdir(ROOT)
    began = time.monotonic()
    MMLogger.get_instance('mmengine', log_level='WARNING')
    file = study_of(args)
    images = file.data[DATA]
    step(1, 'drawing images: 36 shapes with textures, in 4 families')
    tool(*shlex.split(images.prepare)[1:])

    step(2, 'pre-training MoCo v2 and HIRL-MoCo v2 without labels')
    found, folder = pretrain(file, args.out)

    step(3, 'drawing the semantic tree that HIRL learned')
    picture = args.out / 'semantic_tree.png'
    tool(
        *('tools/visualize_tree.py', RunFolder(folder).last_checkpoint()),
        *('--data', f'{images.root}/train', '--out', picture),
        *('--level', 'middle'),
        *('--title', 'What HIRL-MoCo v2 learned of drawn shapes'),
    )

    step(4, f'report, written to {args.out}')
    table = table_beside_known(
        found, known_differences(ROOT / KNOWN, 'gain', DATA, PAIR)
    )
    facts = report_facts(
        seed=args.seed,
        seconds=round(time.monotonic() - began),
        peak_gigabytes=round(peak_gigabytes(), 2),
    )
    values = dict(facts=facts, arms=found.values)
    write = partial(write_report, table=table, note=NOTE, facts=facts)
    write(args.out / 'report.md', content=values)
    print(f'\n{table}\n{NOTE}\nsemantic tree: {picture}')


if __name__ == '__main__':
    run_tool(parse_args, main)
