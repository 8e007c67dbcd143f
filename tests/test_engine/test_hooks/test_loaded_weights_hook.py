"""What a run says about weights it did not load, and how averages start."""

import re
from pathlib import Path

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.hooks import Hook

from hirl_mm.engine.hooks import LoadedWeightsHook
from hirl_mm.registry import MODELS
from tests.algorithms import PLAIN, build
from tests.runs import run, small_config
from tests.stock_programs import BACKBONE, classifier_runner
from tests.trained_files import save

LINE = re.compile(r'INFO - (weights of .*)')


class AtTheStart(Hook):
    """Whether an average has the backbone's weights before a step."""

    def __init__(self, average):
        self.average = average

    def before_train(self, runner):
        model = runner.model
        state = model.backbone.state_dict()
        own = model.get_submodule(self.average).state_dict()
        self.equal = all(torch.equal(own[k], v) for k, v in state.items())


@pytest.fixture(scope='module')
def backbone(tmp_path_factory):
    """File of a backbone as an import writes it, and its weights."""
    net = MODELS.build(ConfigDict(BACKBONE))
    state = {
        f'backbone.{key}': value + 0.01 if value.is_floating_point() else value
        for key, value in net.state_dict().items()
    }
    return save(state, tmp_path_factory.mktemp('backbone')), state


def lines(work_dir):
    (log,) = Path(work_dir).glob('*/*.log')
    return LINE.findall(log.read_text())


def test_run_that_starts_from_a_backbone(backbone, digits, tmp_path):
    path, state = backbone
    cfg = small_config(digits, tmp_path, epochs=1, start_epoch=0)
    cfg.load_from, cfg.log_level = path, 'INFO'
    hook = AtTheStart('encoder_k.module.0')
    runner = run(cfg, hook)
    assert hook.equal
    assert lines(tmp_path) == [
        f'weights of {path}; not loaded, at initial weights: queue, '
        'queue_ptr, neck, spd_head; starting as copies of the trained '
        'network: encoder_k'
    ]
    # Resumed runs start from their own checkpoints, and say nothing.
    cfg.resume, cfg.load_from = True, str(tmp_path / 'epoch_1.pth')
    cfg.train_cfg.max_epochs = 2
    cfg.work_dir, cfg.experiment_name = str(tmp_path / 'resumed'), 'resumed'
    hook = AtTheStart('encoder_k.module.0')
    assert run(cfg, hook).epoch == 2
    assert not hook.equal
    assert lines(tmp_path / 'resumed') == []
    assert runner.epoch == 1


def start(model, work_dir, load_from=None):
    """A Runner of the model that loads, as before its first step."""
    runner = classifier_runner(
        1,
        work_dir,
        load_from=load_from,
        custom_hooks=[LoadedWeightsHook()],
        log_level='INFO',
    )
    runner.model = model
    runner.call_hook('before_run')
    runner.load_or_resume()
    runner.call_hook('before_train')
    return runner


@pytest.mark.parametrize('name', ['MoCo', 'BYOL'])
def test_averages_of_mmpretrains_own_algorithms(name, backbone, tmp_path):
    """Without HIRL they would stay random up to the first step."""
    path, state = backbone
    runner = start(build(name), tmp_path, path)
    (average,) = {'encoder_k', 'target_net'} & dict(
        runner.model.named_children()
    ).keys()
    own = runner.model.get_submodule(f'{average}.module.0').state_dict()
    for key, value in state.items():
        assert torch.equal(own[key.removeprefix('backbone.')], value), key
    (line,) = lines(tmp_path)
    assert line.endswith(f'copies of the trained network: {average}')


def test_part_of_which_some_weights_are_missing(backbone, tmp_path):
    _, state = backbone
    some = {k: v for k, v in state.items() if k != 'backbone.bn1.weight'}
    path = save(some, tmp_path)
    model = build('SimSiam')
    start(model, tmp_path / 'run', path)
    (line,) = lines(tmp_path / 'run')
    assert 'initial weights: backbone (99 of 100 weights), neck, head' in line
    assert 'copies' not in line


def test_tokenizer_from_a_file_of_its_own(tmp_path):
    """The parts that ``init_cfg`` loads are not called random."""
    model = build('BEiT')
    tokenizer = save(model.target_generator.state_dict(), tmp_path, 'a.pth')
    init_cfg = dict(type='Pretrained', checkpoint=tokenizer)
    target = dict(PLAIN['BEiT']['target_generator'], init_cfg=init_cfg)
    model = build('BEiT', target_generator=target)
    state = {
        f'backbone.{k}': v for k, v in model.backbone.state_dict().items()
    }
    path = save(state, tmp_path, 'b.pth')
    start(model, tmp_path / 'run', path)
    assert lines(tmp_path / 'run') == [
        f'weights of {path}, {tokenizer}; not loaded, at initial weights: head'
    ]


def test_run_that_starts_from_random_weights_says_nothing(tmp_path):
    start(build('MoCo'), tmp_path)
    assert lines(tmp_path) == []


def test_whole_model(tmp_path):
    model = build('MoCo')
    path = save(model.state_dict(), tmp_path)
    start(model, tmp_path / 'run', path)
    assert lines(tmp_path / 'run') == [
        f'weights of {path}; the whole model was loaded'
    ]


def test_weights_of_another_shape(tmp_path):
    """MMEngine skips them; positions of another image are resized."""
    source = build('MoCoV3').state_dict()
    source['head.predictor.fc0.weight'] = torch.ones(2, 2)
    source['backbone.pos_embed'] = source['backbone.pos_embed'][:, :5]
    path = save(source, tmp_path)
    start(build('MoCoV3'), tmp_path / 'run', path)
    (line,) = lines(tmp_path / 'run')
    weights = len([k for k in source if k.startswith('head.')])
    counters = len([k for k in source if 'head' in k and 'num_batches' in k])
    total = weights - counters
    assert line.endswith(f'weights: head ({total - 1} of {total} weights)')


def test_file_of_another_library(tmp_path):
    path = save({'module.encoder_q.conv1.weight': torch.ones(2)}, tmp_path)
    with pytest.raises(ValueError, match='weight that fits MoCo: .*import_ch'):
        start(build('MoCo'), tmp_path / 'run', path)
