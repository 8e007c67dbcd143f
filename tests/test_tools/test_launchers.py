import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import HANGS_AFTER, free_port

TOOLS = Path(__file__).parents[2] / 'tools'

# Writes what every process saw, once all of them have met.
TRAIN = """
import json, os, sys
import torch
import torch.distributed as dist

torch.set_num_threads(1)
dist.init_process_group('gloo')
total = torch.tensor(float(dist.get_rank()))
dist.all_reduce(total)
seen = dict(world=dist.get_world_size(), total=total.item(),
            local=os.environ['LOCAL_RANK'], argv=sys.argv[1:])
with open(f'{os.environ["OUT"]}/{dist.get_rank()}.json', 'w') as file:
    json.dump(seen, file)
dist.barrier()
dist.destroy_process_group()
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """The launchers beside a train.py of ours, in a folder with a space."""
    folder = tmp_path / 'the tools'
    folder.mkdir()
    for name in ('dist_train.sh', 'slurm_train.sh'):
        shutil.copy(TOOLS / name, folder)
    (folder / 'train.py').write_text(TRAIN)
    return folder


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    names = {'NNODES', 'NODE_RANK', 'MASTER_ADDR', 'MASTER_PORT', 'GPUS'}
    names |= {'GPUS_PER_NODE', 'CPUS_PER_TASK', 'SRUN_ARGS', 'PORT'}
    names |= {'SIGNAL_SECONDS', 'SLURM_JOB_ID', 'SLURM_RESTART_COUNT'}
    clean = {k: v for k, v in os.environ.items() if k not in names}
    return clean | {
        'PYTHON': sys.executable,
        'OUT': str(tmp_path),
        'OMP_NUM_THREADS': '1',
        **variables,
    }


def run(command: list, env: dict[str, str], cwd: Path):
    return subprocess.run(
        ['bash', *map(str, command)],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )


def seen(tmp_path: Path) -> list[dict]:
    files = sorted(tmp_path.glob('[0-9].json'))
    return [json.loads(file.read_text()) for file in files]


def test_two_processes_meet_and_arguments_stay_whole(tools, tmp_path):
    options = ['--cfg-options', 'a=b c', 'd="*"']
    env = environment(tmp_path, PORT=str(free_port()))
    command = [tools / 'dist_train.sh', 'my config.py', 2, *options]
    result = run(command, env, cwd=tmp_path)

    assert result.returncode == 0, result.stderr
    argv = ['my config.py', '--launcher', 'pytorch', *options]
    assert seen(tmp_path) == [
        {'world': 2, 'total': 1.0, 'local': str(rank), 'argv': argv}
        for rank in range(2)
    ]


def test_two_nodes_meet(tools, tmp_path):
    port = str(free_port())
    nodes = [
        subprocess.Popen(
            ['bash', str(tools / 'dist_train.sh'), 'config.py', '1'],
            env=environment(
                tmp_path, PORT=port, NNODES='2', NODE_RANK=str(rank)
            ),
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        for node in nodes:
            _, errors = node.communicate(timeout=HANGS_AFTER)
            assert node.returncode == 0, errors
    finally:
        for node in nodes:
            node.kill()

    argv = ['config.py', '--launcher', 'pytorch']
    # Each is the only process of its node, so both are local rank 0.
    assert seen(tmp_path) == [
        {'world': 2, 'total': 1.0, 'local': '0', 'argv': argv}
        for _ in range(2)
    ]


def fake_srun(tmp_path: Path) -> str:
    """A srun that records its arguments; returns a PATH that finds it."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    srun = folder / 'srun'
    srun.write_text('#!/bin/sh\nprintf "%s\\0" "$@" >"$OUT/srun"\n')
    srun.chmod(0o755)
    return f'{folder}:{os.environ["PATH"]}'


def slurm(tools: Path, tmp_path: Path, *arguments: str, **variables: str):
    env = environment(tmp_path, PATH=fake_srun(tmp_path), **variables)
    command = [tools / 'slurm_train.sh', *arguments]
    result = run(command, env, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    return (tmp_path / 'srun').read_text().split('\0')[:-1]


def test_slurm_passes_everything_to_srun(tools, tmp_path):
    argv = slurm(
        tools,
        tmp_path,
        *('gpu', 'my job', 'my config.py', '--resume', 'a b.pth'),
        GPUS='16',
        GPUS_PER_NODE='4',
        CPUS_PER_TASK='3',
        SRUN_ARGS='--quotatype=spot --time=1:00',
    )
    start = argv.index(sys.executable)
    assert set(argv[:start]) == {
        '--job-name=my job',
        '--partition=gpu',
        '--gres=gpu:4',
        '--ntasks=16',
        '--ntasks-per-node=4',
        '--cpus-per-task=3',
        '--kill-on-bad-exit=1',
        '--quotatype=spot',
        '--time=1:00',
    }
    train = str(tools / 'train.py')
    assert argv[start + 1 :] == [
        *('-u', train, 'my config.py', '--launcher', 'slurm'),
        *('--resume', 'a b.pth'),
    ]


def test_slurm_defaults(tools, tmp_path):
    argv = slurm(tools, tmp_path, '', 'job', 'config.py', GPUS='2')
    assert '--gres=gpu:2' in argv and '--ntasks-per-node=2' in argv
    assert not any(a.startswith('--partition') for a in argv)


def slurm_that_stops_trainings(tmp_path: Path, statuses: list[int]) -> str:
    """An srun that ends with one status after another, and an scontrol.

    Every call of them writes its arguments to a file; see ``calls``.
    """
    folder = tmp_path / 'bin'
    folder.mkdir()
    (tmp_path / 'statuses').write_text(''.join(f'{s}\n' for s in statuses))
    for name in 'srun', 'scontrol':
        program = folder / name
        program.write_text(
            '#!/bin/bash\n'
            f'number=$(ls "$OUT" | grep -c call_)\n'
            f'printf "%s\\0" {name} "$@" >"$OUT/call_$number"\n'
            f'[ {name} = scontrol ] && exit\n'
            'exit $(sed -n "$((number + 1))p" "$OUT/statuses")\n'
        )
        program.chmod(0o755)
    return f'{folder}:{os.environ["PATH"]}'


def requeued(
    tools: Path, tmp_path: Path, statuses: list[int], *options, **variables
) -> tuple[int, list[list[str]]]:
    """Exit status of slurm_train.sh --requeue, and what it has called."""
    path = slurm_that_stops_trainings(tmp_path, statuses)
    command = [tools / 'slurm_train.sh', '--requeue', 'gpu', 'job', 'my.py']
    env = environment(tmp_path, PATH=path, **variables)
    result = run([*command, *options], env, cwd=tmp_path)
    calls = sorted(tmp_path.glob('call_*'))
    return result.returncode, [c.read_text().split('\0')[:-1] for c in calls]


def options_of_training(call: list[str]) -> list[str]:
    assert call[0] == 'srun'
    return call[call.index('my.py') + 1 :]


START = ['--launcher', 'slurm']


def test_slurm_starts_again_when_a_signal_has_stopped_the_training(
    tools, tmp_path
):
    given = ['--resume', 'a b.pth', '--cfg-options', 'a=b c']
    status, calls = requeued(tools, tmp_path, [75, 75, 0], *given)
    assert status == 0
    first, *others = map(options_of_training, calls)
    assert first == [*START, *given]
    # The last --resume counts: the newest checkpoint.
    assert others == [[*START, *given, '--resume']] * 2
    assert all('--signal=USR1@120' in call for call in calls)


@pytest.mark.parametrize('status', [0, 1, 137])
def test_slurm_ends_with_any_other_status(status, tools, tmp_path):
    found, calls = requeued(tools, tmp_path, [status], SIGNAL_SECONDS='300')
    assert found == status and len(calls) == 1
    assert '--signal=USR1@300' in calls[0]


def test_slurm_requeues_a_batch_job(tools, tmp_path):
    given = ['--overwrite', '--amp']
    status, calls = requeued(tools, tmp_path, [75], *given, SLURM_JOB_ID='77')
    assert status == 0
    assert options_of_training(calls[0]) == [*START, *given]
    assert calls[1:] == [['scontrol', 'requeue', '77']]


@pytest.mark.parametrize(('count', 'goes_on'), [('0', False), ('2', True)])
def test_slurm_goes_on_in_a_batch_job_that_was_requeued(
    count, goes_on, tools, tmp_path
):
    given = ['--overwrite', '--amp']
    status, (call,) = requeued(
        *(tools, tmp_path, [0], *given),
        SLURM_JOB_ID='77',
        SLURM_RESTART_COUNT=count,
    )
    expected = ['--amp', '--resume'] if goes_on else given
    assert options_of_training(call) == [*START, *expected]


@pytest.mark.parametrize(
    'script, arguments, status',
    [
        ('dist_train.sh', [], 2),
        ('dist_train.sh', ['config.py'], 2),
        ('dist_train.sh', ['--help'], 0),
        ('slurm_train.sh', ['gpu', 'job'], 2),
        ('slurm_train.sh', ['--requeue', 'gpu', 'job'], 2),
        ('slurm_train.sh', ['-h'], 0),
    ],
)
def test_usage(script, arguments, status, tmp_path):
    result = run([TOOLS / script, *arguments], dict(os.environ), tmp_path)
    assert result.returncode == status
    text = result.stdout if status == 0 else result.stderr
    assert f'usage: bash tools/{script}' in text
    assert 'PYTHON ' in text and 'set -e' not in text
