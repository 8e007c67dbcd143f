"""What a training step of every method adds to the bank of features."""

import copy
from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from mmengine.utils.dl_utils.parrots_wrapper import _BatchNorm
from mmpretrain.models.selfsup import SimSiam
from torch.utils._python_dispatch import TorchDispatchMode

from hirl_mm.features import FeatureBank
from hirl_mm.models import HIRLAlgorithm
from hirl_mm.models.modules import FirstOutput
from tests.algorithms import DIM, PLAIN, build, step_samples, z0_of
from tests.processes import run_processes
from tests.samples import IDX
from tests.trees import random_tree

NUMS = (9, 4, 2)


def keys_of(view, average):
    def expected(model, views, data_samples):
        keys = model.get_submodule(average)(views[view])
        return keys if isinstance(keys, torch.Tensor) else keys[0]

    return expected


def projections_of_both_crops(model, views, data_samples):
    """They share a batch, and so its statistics."""
    pooled = model.backbone(torch.cat(views))[0].mean(dim=(2, 3))
    return model.neck.projection_neck(pooled)[: len(data_samples)]


def online(name):
    def expected(model, views, data_samples):
        return z0_of(name, model, views, data_samples)

    return expected


# By method, what it computes in a step that it also clusters.
EXPECTED = {
    'HCCL': online('HCCL'),
    'MoCo': keys_of(1, 'encoder_k'),
    'SimSiam': online('SimSiam'),
    'SwAV': projections_of_both_crops,
    'MoCoV3': keys_of(0, 'momentum_encoder'),
    'BYOL': keys_of(0, 'target_net'),
    'DINO': keys_of(0, 'teacher'),
    'iBOT': keys_of(0, 'teacher'),
    'BEiT': online('BEiT'),
}


@pytest.fixture(params=EXPECTED)
def name(request):
    torch.manual_seed(0)
    return request.param


@pytest.fixture
def model(name):
    """Behind a step, and its moving average is not the trained network."""
    model = build(name, hirl=True)
    with torch.no_grad():
        model.loss(views_of(4), step_samples(name, IDX[:4]))
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def views_of(batch):
    return [torch.randn(batch, 3, 32, 32) for _ in range(2)]


def test_every_method_is_covered():
    assert set(EXPECTED) == set(PLAIN)


def test_rows_are_outputs_of_the_step(name, model):
    """Of each of two batches, in the order of their samples."""
    twin = copy.deepcopy(model)
    bank = FeatureBank(8)
    model.set_bank(bank)
    expected, others = [], []
    for idx in (IDX[:4], IDX[4:]):
        views, data_samples = views_of(4), step_samples(name, idx)
        model.loss(views, data_samples)
        with torch.no_grad():
            twin.loss(views, data_samples)  # moves its average
            for rows, pair in ((expected, views), (others, views[::-1])):
                rows.append(EXPECTED[name](twin, pair, data_samples))
    expected, others = torch.cat(expected), torch.cat(others)
    if name == 'MoCo':
        expected, others = F.normalize(expected), F.normalize(others)
    sample_idx, rows = bank.rows()
    assert sample_idx.tolist() == IDX
    small = 1e-4 * expected.abs().mean().item()
    torch.testing.assert_close(rows, expected, rtol=1e-3, atol=small)
    # no other image or view would do
    distances = torch.cdist(rows, torch.cat([expected, others]))
    assert torch.equal(distances.argmin(1), torch.arange(8))
    assert distances.sort(1).values[:, 1].min() > 50 * small


@pytest.mark.parametrize(
    'name', sorted(EXPECTED.keys() - {'BEiT'}), indirect=True
)
def test_of_the_network_whose_features_are_extracted(name, model):
    """With running statistics they are the same numbers.

    Those of BEiT are not, since it trains on masked images alone.
    """
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
    views = views_of(8)
    bank = FeatureBank(8)
    model.set_bank(bank)
    model.loss(views, step_samples(name, IDX))
    rows = F.normalize(bank.rows()[1])
    found = model.extract_z0(views[1 if name == 'MoCo' else 0])
    assert found.shape == (8, DIM)
    torch.testing.assert_close(rows, F.normalize(found), rtol=1e-3, atol=1e-4)


def step(name, model, views, bank):
    """Losses, gradients, state and random state of a step, of a copy."""
    model = copy.deepcopy(model)
    model.set_tree(random_tree(NUMS, dim=DIM, num_samples=50))
    model.set_bank(bank)
    torch.manual_seed(3)
    losses = model.loss(views, step_samples(name, IDX))
    model.parse_losses(losses)[0].backward()
    gradients = {
        name: parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    return [losses, gradients, model.state_dict(), torch.get_rng_state()]


def test_training_is_the_same_to_the_bit(name, model):
    views = views_of(8)
    bank = FeatureBank(8)
    without = step(name, model, views, None)
    torch.testing.assert_close(
        step(name, model, views, bank), without, rtol=0, atol=0
    )
    assert len(bank) == 8 and 'loss_spd' in without[0]


class Operations(TorchDispatchMode):
    """Counts what runs in a block."""

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.counts[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


def test_a_step_does_no_more_than_copy(name, model):
    """Two copies, and views of tensors: no value that the host waits for."""
    counts = []
    views = views_of(4)
    for bank in (None, FeatureBank(8)):
        copied = copy.deepcopy(model)
        copied.set_bank(bank)
        for idx in (IDX[:4], IDX[4:]):
            with torch.no_grad(), Operations() as operations:
                copied.loss(views, step_samples(name, idx))
        counts.append(operations.counts)
    without, with_bank = counts
    added = with_bank - without
    assert len(bank) == 8
    assert added['copy_'] == 2
    assert added.keys() <= {'copy_', 'slice', 'select', 'detach'}


def test_rows_of_mixed_precision(name, model):
    bank, half = FeatureBank(8), FeatureBank(8)
    views = views_of(8)
    step(name, model, views, bank)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        step(name, model, views, half)
    (_, rows), (_, low) = bank.rows(), half.rows()
    assert low.dtype == torch.float32
    assert F.cosine_similarity(rows, low).min() > 0.9
    assert not torch.equal(rows, low)


def test_evaluation_adds_nothing():
    model = build('SimSiam', hirl=True)
    bank = FeatureBank(8)
    model.set_bank(bank)
    model.eval().loss(views_of(8), step_samples('SimSiam', IDX))
    assert not len(bank)


def test_no_bank_any_more(name, model):
    bank = FeatureBank(8)
    model.set_bank(bank)
    model.set_bank(None)
    model.loss(views_of(8), step_samples(name, IDX))
    assert not len(bank)


def test_state_is_without_the_bank(name, model):
    keys = model.state_dict().keys()
    model.set_bank(FeatureBank(8))
    model.loss(views_of(8), step_samples(name, IDX))
    assert model.state_dict().keys() == keys


def custom(base, name, **attributes):
    kind = type('Custom', (HIRLAlgorithm, base), attributes)
    spd_head = dict(type='hirl_mm.SPDHead', in_channels=DIM)
    return kind(**copy.deepcopy(PLAIN[name]), spd_head=spd_head)


def test_other_features_to_cluster_need_a_name():
    def extract_z0(self, inputs):
        return self.head.predictor(self.neck(self.backbone(inputs)))[0]

    build('SimSiam')
    model = custom(SimSiam, 'SimSiam', extract_z0=extract_z0)
    with pytest.raises(ValueError, match='^Custom does not say .*bank_mod'):
        model.set_bank(FeatureBank(8))
    assert model.bank is None
    model.bank_module = 'head.predictor'
    bank = FeatureBank(8)
    model.set_bank(bank)
    views = views_of(8)
    model.loss(views, step_samples('SimSiam', IDX))
    torch.testing.assert_close(bank.rows()[1], model.extract_z0(views[0]))


def test_inner_module_of_a_moving_average_needs_a_name():
    model = build('BYOL', hirl=True)
    model.z0_module = 'neck.fc1'
    with pytest.raises(ValueError, match='name the submodule in bank_module'):
        model.set_bank(FeatureBank(8))


def test_average_that_sees_a_shuffled_batch():
    model = build('MoCo', hirl=True)
    model.bank_module = None
    bank = FeatureBank(8)
    model.set_bank(bank)
    with pytest.raises(RuntimeError, match='MoCo.encoder_k did not get any v'):
        model.loss(views_of(8), step_samples('MoCo', IDX))
    assert not len(bank)


def test_places_that_do_not_exist_or_fit():
    model = build('SimSiam', hirl=True)
    model.bank_module = 'predictor'
    with pytest.raises(ValueError, match="has no submodule 'predictor'"):
        model.set_bank(FeatureBank(8))
    model.bank_module = 'neck.fc0'
    with pytest.raises(
        ValueError, match=r'to cluster, .*neck\.fc0, has 32 dim'
    ):
        model.set_bank(FeatureBank(8))


def shuffled_keys(rank, folder):
    """Two MoCo steps; what the key encoder saw, and what the bank has."""
    torch.manual_seed(0)
    model = build('MoCo', hirl=True)
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
    bank = FeatureBank(8)
    model.set_bank(bank)
    mine = slice(4 * rank, 4 * rank + 4)
    found = []
    for _ in range(2):
        views = views_of(8)
        torch.manual_seed(rank + 1)
        with FirstOutput(model, 'encoder_k') as tap:
            parts = [view[mine] for view in views]
            model.loss(parts, step_samples('MoCo', IDX[mine]))
        torch.manual_seed(5)
        keys = [
            model.encoder_k(view[i : i + 1])[0]
            for view in views
            for i in range(8)
        ]
        keys = F.normalize(torch.cat(keys))
        seen = torch.cdist(F.normalize(tap.output), keys).argmin(1)
        found.append((keys[8:][mine], seen - 8))
    torch.save((*bank.rows(), found), f'{folder}/{rank}.pth')


def test_moco_of_two_processes_puts_its_own_samples_in_order(tmp_path):
    """Keys alone are compared: by running statistics each is its image's."""
    run_processes(shuffled_keys, 2, str(tmp_path))
    for rank in range(2):
        mine = list(range(4 * rank, 4 * rank + 4))
        idx, rows, found = torch.load(tmp_path / f'{rank}.pth')
        assert idx.tolist() == 2 * [IDX[i] for i in mine]
        expected = torch.cat([keys for keys, _ in found])
        torch.testing.assert_close(rows, expected, rtol=1e-3, atol=1e-5)
        distances = torch.cdist(rows, expected)
        assert torch.equal(distances.argmin(1), torch.arange(8))
        # the key encoder itself saw images of the other process
        assert all(set(seen.tolist()) - set(mine) for _, seen in found)
