"""Checkpoints to load, to resume from, to test and to begin with."""

import torch

from tests.hostile_files import add_code
from tests.test_bad_input.case import cases

# The module of the function depends on the version of Python.
OPEN = f'{open.__module__}.open'


def pickled(change):
    """A checkpoint whose content a function has changed."""

    def write(sound, file):
        content = torch.load(sound.checkpoint, weights_only=False)
        torch.save(change(content), file)

    return write


def raw(content):
    return lambda sound, file: file.write_bytes(content)


def half(sound, file):
    content = sound.checkpoint.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def hostile(sound, file):
    add_code(sound.checkpoint, file.with_name('ran'), file)


def missing(sound, file):
    pass


def without(*names):
    return pickled(
        lambda content: {k: v for k, v in content.items() if k not in names}
    )


def drop_epoch(content):
    meta = {k: v for k, v in content['meta'].items() if k != 'epoch'}
    return dict(content, meta=meta)


def other_weights(content):
    return dict(content, state_dict={'a.b': torch.ones(2)})


def backbone_alone(content):
    state = content['state_dict']
    kept = {k: v for k, v in state.items() if k.startswith('backbone.')}
    return dict(state_dict=kept)


def load(write):
    def make(sound, folder):
        write(sound, file := folder / 'file.pth')
        words = '--work-dir', folder / 'run', '--cfg-options'
        return 'train', sound.config, *words, f'load_from={file}'

    return make


def resume(write, *options):
    def make(sound, folder):
        write(sound, file := folder / 'file.pth')
        words = '--work-dir', folder / 'run', '--resume', file
        more = ('--cfg-options', *options) if options else ()
        return 'train', sound.config, *words, *more

    return make


def test(write):
    def make(sound, folder):
        write(sound, file := folder / 'file.pth')
        return 'test', sound.linear, file, '--work-dir', folder / 'run'

    return make


def begin(write):
    """The training of a classifier on the backbone of a file."""

    def make(sound, folder):
        write(sound, file := folder / 'file.pth')
        key = 'model.backbone.init_cfg.checkpoint'
        words = '--work-dir', folder / 'run', '--cfg-options', f'{key}={file}'
        return 'train', sound.linear, *words

    return make


def export(write, *words):
    def make(sound, folder):
        write(sound, file := folder / 'file.pth')
        given = '--to', 'torchvision', '--out', folder / 'x.pth', *words
        return 'model_converters/export_backbone', file, *given

    return make


def bring(write, *words):
    """An import of a checkpoint of another library."""

    def make(sound, folder):
        write(sound, file := folder / 'file.pth')
        given = '--out', folder / 'x.pth', *words
        return 'model_converters/import_checkpoint', file, *given

    return make


def same(content):
    return content


LOAD = {
    'empty file': (
        raw(b''),
        (
            '~/file.pth cannot be read as a checkpoint (EOFError). It is '
            'another kind of file, or incomplete because a run was stopped '
            'while it saved: resume from an earlier one'
        ),
    ),
    'truncated file': (
        half,
        (
            '~/file.pth is incomplete or damaged, BadZipFile: File is not a '
            'zip file. Use an earlier file, or write this one again'
        ),
    ),
    'text': (
        raw(b'hello\n'),
        (
            '~/file.pth cannot be read as a checkpoint (KeyError). It is '
            'another kind of file, or incomplete because a run was stopped '
            'while it saved: resume from an earlier one'
        ),
    ),
    'list': (
        pickled(lambda _: [1, 2]),
        (
            '~/file.pth holds a list, not a dict: expected a state dict, '
            'which maps names of weights to tensors'
        ),
    ),
    'number': (
        pickled(lambda _: 5),
        (
            '~/file.pth holds a int, not a dict: expected a state dict, '
            'which maps names of weights to tensors'
        ),
    ),
    'empty dict': (
        pickled(lambda _: {}),
        '~/file.pth holds no weights: its state_dict is empty',
    ),
    'list of weights': (
        pickled(lambda c: dict(c, state_dict=[1])),
        '~/file.pth holds no weights: its state_dict is a list',
    ),
    'weights of something else': (
        pickled(other_weights),
        (
            '~/file.pth has no weight that fits HIRLMoCo: its first keys '
            'are a.b, those of the model queue, queue_ptr, '
            'backbone.conv1.weight. Convert files of other libraries with '
            'tools/model_converters/import_checkpoint.py'
        ),
    ),
    'file that runs code': (
        hostile,
        (
            '~/file.pth holds more than tensors, plain types and logs of '
            f'MMEngine: {OPEN}. Such a file can run any code when it is '
            'read. If it is from a source you trust, give '
            '--trust-checkpoint (in Python trust=True)'
        ),
    ),
}
RESUME = {
    'resumed from a missing file': (
        missing,
        'there is no checkpoint ~/file.pth',
    ),
    'resumed from an empty file': (
        raw(b''),
        (
            '~/file.pth cannot be read as a checkpoint (EOFError). It is '
            'another kind of file, or incomplete because a run was stopped '
            'while it saved: resume from an earlier one'
        ),
    ),
    'resumed from a truncated file': (
        half,
        (
            '~/file.pth is incomplete or damaged, BadZipFile: File is not a '
            'zip file. Use an earlier file, or write this one again'
        ),
    ),
    'resumed from binary': (
        raw(bytes(range(256))),
        (
            '~/file.pth cannot be read as a checkpoint (UnpicklingError). '
            'It is another kind of file, or incomplete because a run was '
            'stopped while it saved: resume from an earlier one'
        ),
    ),
    'resumed from a list': (
        pickled(lambda _: [1, 2]),
        (
            '~/file.pth holds a list, not a dict: expected a state dict, '
            'which maps names of weights to tensors'
        ),
    ),
    'resumed from a backbone': (
        pickled(backbone_alone),
        (
            '~/file.pth is no checkpoint to resume from: it has no meta, '
            'message_hub. To start a new training from its '
            'weights, use --cfg-options load_from=FILE instead of --resume'
        ),
    ),
    'resumed from weights alone': (
        without('optimizer', 'message_hub'),
        (
            '~/file.pth is no checkpoint to resume from: it has no '
            'message_hub. To start a new training from its '
            'weights, use --cfg-options load_from=FILE instead of --resume'
        ),
    ),
    'resumed without meta': (
        without('meta'),
        (
            '~/file.pth is no checkpoint to resume from: it has no meta. '
            'To start a new training from its weights, use --cfg-options '
            'load_from=FILE instead of --resume'
        ),
    ),
    'resumed without an epoch': (
        pickled(drop_epoch),
        (
            '~/file.pth is no checkpoint to resume from: it has no '
            'meta.epoch. To start a new training from its weights, use '
            '--cfg-options load_from=FILE instead of --resume'
        ),
    ),
    'resumed from other keys': (
        pickled(other_weights),
        (
            '~/file.pth has no weight that fits HIRLMoCo: its first keys '
            'are a.b, those of the model queue, queue_ptr, '
            'backbone.conv1.weight. Convert files of other libraries with '
            'tools/model_converters/import_checkpoint.py'
        ),
    ),
    'resumed in a wider network': (
        *(pickled(same), 'model.backbone.base_channels=16'),
        *(
            'model.backbone.stem_channels=16',
            (
                'the run cannot be resumed from ~/file.pth: it has no weights '
                'that fit backbone, encoder_k (7 of 107 weights) of HIRLMoCo. '
                'Fix: resume with the config of that run'
            ),
        ),
    ),
    'resumed file that runs code': (
        hostile,
        (
            '~/file.pth holds more than tensors, plain types and logs of '
            f'MMEngine: {OPEN}. Such a file can run any code when it is '
            'read. If it is from a source you trust, give '
            '--trust-checkpoint (in Python trust=True)'
        ),
    ),
}
TEST = {
    'tested pre-training': (
        pickled(same),
        (
            '~/file.pth was not trained as this model: it has no weights '
            'that fit head of ImageClassifier. Fix: give a checkpoint of a '
            'training with this config'
        ),
    ),
    'tested empty file': (
        raw(b''),
        (
            '~/file.pth cannot be read as a checkpoint (EOFError). It is '
            'another kind of file, or incomplete because a run was stopped '
            'while it saved: resume from an earlier one'
        ),
    ),
    'tested list': (
        pickled(lambda _: [1]),
        (
            '~/file.pth holds a list, not a dict: expected a state dict, '
            'which maps names of weights to tensors'
        ),
    ),
    'tested weights of something else': (
        pickled(other_weights),
        (
            '~/file.pth has no weight that fits ImageClassifier: its first '
            'keys are a.b, those of the model backbone.conv1.weight, '
            'backbone.bn1.weight, backbone.bn1.bias. Convert files of '
            'other libraries with '
            'tools/model_converters/import_checkpoint.py'
        ),
    ),
}
BEGIN = {
    'begun with a missing file': (
        missing,
        'there is no checkpoint ~/file.pth',
    ),
    'begun with text': (
        raw(b'hello\n'),
        (
            '~/file.pth cannot be read as a checkpoint (KeyError). It is '
            'another kind of file, or incomplete because a run was stopped '
            'while it saved: resume from an earlier one'
        ),
    ),
    'begun with something else': (
        pickled(other_weights),
        (
            '~/file.pth holds 0 of the 100 weights of the backbone '
            "(ResNet) under prefix=''; at least 95 % are needed; missing "
            'weights: conv1.weight, bn1.weight, bn1.bias, '
            'bn1.running_mean, bn1.running_var and 95 more; the keys of '
            'the file begin with a; give the config of the network that '
            'the file belongs to'
        ),
    ),
    'begun with a file that runs code': (
        hostile,
        (
            '~/file.pth holds more than tensors, plain types and logs of '
            f'MMEngine: {OPEN}. Such a file can run any code when it is '
            'read. If it is from a source you trust, give '
            '--trust-checkpoint (in Python trust=True)'
        ),
    ),
}
EXPORT = {
    'exported missing file': (missing, 'there is no checkpoint ~/file.pth'),
    'exported list': (
        pickled(lambda _: [1]),
        (
            '~/file.pth holds a list, not a dict: expected a state dict, '
            'which maps names of weights to tensors'
        ),
    ),
    'exported narrow network': (
        pickled(same),
        (
            'torchvision and timm have no ResNet with these shapes: its '
            'stem is (8, 3, 7, 7), its last stage has 64 channels; they '
            'have resnet18, resnet34, resnet50, resnet101, resnet152 as '
            'published. --to huggingface takes any width'
        ),
    ),
    'exported with a wrong prefix': (
        pickled(same),
        '--prefix',
        'zz.',
        (
            'there is no ResNet, ViT or BEiT with the names of MMPreTrain '
            "under prefix='zz.'; the first keys are queue, queue_ptr, "
            'backbone.conv1.weight, backbone.bn1.weight, '
            "backbone.bn1.bias. If the backbone's keys have another "
            'prefix, give --prefix; import files of other libraries first '
            '(tools/model_converters/import_checkpoint.py)'
        ),
    ),
}
IMPORT = {
    'imported missing file': (
        missing,
        (
            'there is no checkpoint ~/file.pth. This tool downloads '
            'nothing: give the path of a file, or of a folder that '
            '"huggingface-cli download NAME --local-dir FOLDER" wrote'
        ),
    ),
    'imported list': (
        pickled(lambda _: [1]),
        (
            '~/file.pth holds a list, not a dict: expected a state dict, '
            'which maps names of weights to tensors'
        ),
    ),
}
CASES = [
    *cases(load, LOAD),
    *cases(resume, RESUME),
    *cases(test, TEST),
    *cases(begin, BEGIN),
    *cases(export, EXPORT),
    *cases(bring, IMPORT),
]
