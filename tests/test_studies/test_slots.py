"""How runs share the GPUs or the cores of a machine."""

import pytest

from hirl_mm.studies.grid.slots import Slots, share_machine


@pytest.fixture
def machine(monkeypatch):
    """Set the numbers of cores and GPUs that this machine has."""

    def set_numbers(cores, gpus, visible=None):
        patched = 'hirl_mm.studies.grid.slots.os.sched_getaffinity'
        monkeypatch.setattr(patched, lambda pid: range(cores))
        monkeypatch.setattr('torch.cuda.device_count', lambda: gpus)
        monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
        if visible:
            monkeypatch.setenv('CUDA_VISIBLE_DEVICES', visible)

    return set_numbers


def test_cores_are_shared_without_gpus(machine):
    machine(8, 0)
    assert share_machine() == Slots(8, 1, ())
    assert share_machine(3) == Slots(3, 2, ())
    assert share_machine(20) == Slots(20, 1, ())
    assert share_machine(gpus=4) == Slots(2, 1, ())
    assert share_machine(1, gpus=4) == Slots(1, 2, ())
    assert share_machine(gpus=16) == Slots(1, 1, ())


def test_every_run_has_gpus_of_its_own(machine):
    machine(16, 4)
    assert share_machine() == Slots(4, 4, ('0', '1', '2', '3'))
    assert share_machine(8) == Slots(8, 2, ('0', '1', '2', '3'))
    assert share_machine(gpus=2) == Slots(2, 4, ('0,1', '2,3'))
    # The last GPU is left over.
    assert share_machine(gpus=3) == Slots(1, 5, ('0,1,2',))
    machine(16, 3, 'GPU-a,GPU-b,7')
    assert share_machine(gpus=2) == Slots(1, 8, ('GPU-a,GPU-b',))
    with pytest.raises(ValueError, match='of 4 processes needs as many GPUs'):
        share_machine(gpus=4)


def test_no_jobs():
    with pytest.raises(ValueError, match='jobs must be at least 1, got 0'):
        share_machine(0)


def test_environment_of_a_place(monkeypatch):
    monkeypatch.delenv('PORT', raising=False)
    slots = Slots(3, 2, ('0,1', '2,3'))
    places = [slots.environment(place) for place in range(3)]
    found = [env['CUDA_VISIBLE_DEVICES'] for env in places]
    assert found == ['0,1', '2,3', '0,1']
    assert {env['OMP_NUM_THREADS'] for env in places} == {'2'}
    # Trainings of several processes would meet at the same port.
    assert len({env['PORT'] for env in places}) == 3
    monkeypatch.setenv('PORT', '40000')
    assert slots.environment(2)['PORT'] == '40002'
