"""What the machine offers, read from its own files."""

from hirl_mm.machine import memory_limits, this_machine
from tests.planned import CPU, GPU


def test_limits_of_control_groups(tmp_path):
    """Of a group and of those that it is in, in both versions."""
    old, new = tmp_path / 'memory', tmp_path / 'unified'
    for folder, limit in (
        (old, '9000'),
        (old / 'job', '500'),
        (old / 'other', '1'),
        (new / 'job', 'max'),
        (new / 'job/step', '300'),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        name = 'memory.max' if new in (folder, *folder.parents) else None
        (folder / (name or 'memory.limit_in_bytes')).write_text(f'{limit}\n')
    text = '4:cpu,memory:/job/step\n3:cpuset:/other\n'
    assert [*memory_limits(text, tmp_path)] == [500, 9000]
    assert [*memory_limits('0::/job/step\n', new)] == [300]
    # As a container sees it, whose own group is the root.
    assert [*memory_limits('0::/far/away\n', new / 'job/step')] == [300]
    assert [*memory_limits('', tmp_path)] == []


def test_this_machine():
    machine = this_machine()
    assert machine.cores >= 1 and 0 < machine.memory < 10_000
    assert 'CPU cores' in str(machine)
    assert '1 x A GPU (78 GiB)' in str(GPU)
    assert '2 CPU cores, 8.0 GiB of free memory' in str(CPU)
    assert GPU.device_memory == 78 and CPU.device_memory == 8
