"""Config files that cannot be read, or that miss or misspell something."""

from tests.test_bad_input.case import cases


def config(text, inherits=True, suffix='.py'):
    """A training with a config of this text, below that of the sound one."""

    def make(sound, folder):
        file = folder / f'config{suffix}'
        head = sound.config.read_bytes() + b'\n' if inherits else b''
        text_of_base = text.replace('SOUND', str(sound.config))
        file.write_bytes(head + text_of_base.encode('latin-1'))
        return 'train', file, '--work-dir', folder / 'run'

    return make


ALONE = {
    'syntax error': (
        'x = = 3\n',
        False,
        (
            '~/config.py cannot be read as a config: SyntaxError: invalid '
            'syntax (<unknown>, line 1)'
        ),
    ),
    'empty config': (
        '',
        False,
        (
            '~/config.py has no model: add it, or inherit it from another '
            'config by _base_'
        ),
    ),
    'no optimizer': (
        "model = dict(type='MoCo')\ntrain_cfg = dict(max_epochs=1)\n"
        "train_dataloader = dict(dataset=dict(type='X'))\n",
        False,
        (
            '~/config.py has no optim_wrapper: add it, or inherit it from '
            'another config by _base_'
        ),
    ),
    'missing base': (
        "_base_ = 'gone.py'\n",
        False,
        (
            '~/config.py cannot be read as a config: FileNotFoundError: '
            "[Errno 2] No such file or directory: '~/gone.py'"
        ),
    ),
    'unknown variable of the base': (
        "_base_ = 'SOUND'\nx = _base_.nothing\n",
        False,
        (
            '~/config.py cannot be read as a config: AttributeError: '
            "'ConfigDict' object has no attribute 'nothing'"
        ),
    ),
    'changed entry of the hooks of the base': (
        "_base_ = 'SOUND'\ncustom_hooks = [dict(_base_.custom_hooks[0])]\n",
        False,
        (
            '~/config.py refers to _base_.custom_hooks, which no longer '
            'contains the hooks of hirl_mm (IndexError: list index out of '
            'range). They have names now. Fix with, for example: '
            "default_hooks = dict(kmeans=dict(mode='bank'), "
            'knn_probe=dict(interval=5))'
        ),
    ),
    'number that becomes a group': (
        "_base_ = 'SOUND'\ntrain_cfg = dict(max_epochs=dict(a=1))\n",
        False,
        (
            '~/config.py cannot be read as a config: TypeError: '
            "max_epochs={'a': 1} in child config cannot inherit from base "
            'because max_epochs is a dict in the child config but is of '
            "type <class 'int'> in base config. You may set "
            '`_delete_=True` to ignore the base config.'
        ),
    ),
    'broken JSON': (
        '{"model": ',
        False,
        '.json',
        (
            '~/config.json cannot be read as a config: JSONDecodeError: '
            'Expecting value: line 1 column 11 (char 10)'
        ),
    ),
    'JSON of a list': (
        '[1]',
        False,
        '.json',
        (
            '~/config.json cannot be read as a config: AttributeError: '
            "'list' object has no attribute 'get'"
        ),
    ),
    'bytes that are no UTF-8': (
        "x = '\xff'\n",
        False,
        (
            '~/config.py cannot be read as a config: UnicodeDecodeError: '
            "'utf-8' codec can't decode byte 0xff in position 5: invalid "
            'start byte'
        ),
    ),
    'text file': (
        'hello',
        False,
        '.txt',
        (
            '~/config.txt is no config, whose name ends in .py, .json, '
            '.yaml, .yml'
        ),
    ),
}
ADDED = {
    'unknown name': (
        'x = nothing\n',
        (
            '~/config.py cannot be read as a config: NameError: name '
            "'nothing' is not defined"
        ),
    ),
    'failing code': (
        'x = 1 / 0\n',
        (
            '~/config.py cannot be read as a config: ZeroDivisionError: '
            'division by zero'
        ),
    ),
    'missing module': (
        "custom_imports = dict(imports=['nowhere'])\n",
        (
            '~/config.py cannot be read as a config: ImportError: Failed '
            'to import nowhere'
        ),
    ),
    'name that MMEngine needs': (
        'filename = 3\n',
        (
            "~/config.py cannot be read as a config: KeyError: 'filename "
            "is reserved for config file'"
        ),
    ),
    'misspelt loader': (
        'train_dataloder = dict(batch_size=3)\n',
        (
            '~/config.py: nothing reads train_dataloder. Did you mean '
            'train_dataloader?'
        ),
    ),
    'misspelt custom hooks': (
        'custom_hook = []\n',
        ('~/config.py: nothing reads custom_hook. Did you mean custom_hooks?'),
    ),
    'misspelt argument of a head': (
        "model['spd_head']['num_negative'] = 3\n",
        (
            'model.spd_head (SPDHead) takes no num_negative. Did you mean '
            'num_negatives?'
        ),
    ),
    'misspelt argument of a hook': (
        "default_hooks['kmeans']['num_prototype'] = 3\n",
        (
            'default_hooks.kmeans (HierarchicalKMeansHook) takes no '
            'num_prototype. Did you mean num_prototypes?'
        ),
    ),
    'missing argument of a hook': (
        "del default_hooks['kmeans']['start_epoch']\n",
        ("default_hooks.kmeans (HierarchicalKMeansHook) needs 'start_epoch'"),
    ),
    'misspelt argument of a loader': (
        "train_dataloader['batchsize'] = 3\n",
        'train_dataloader takes no batchsize. Did you mean batch_size?',
    ),
    'misspelt argument of the optimizer': (
        "optim_wrapper['optimizer']['wieght_decay'] = 3\n",
        (
            'optim_wrapper.optimizer (AdamW) takes no wieght_decay. Did '
            'you mean weight_decay?'
        ),
    ),
    'misspelt argument of the loop': (
        "train_cfg['max_epoch'] = 3\n",
        (
            'train_cfg (EpochBasedTrainLoop) takes no max_epoch. Did you '
            'mean max_epochs?'
        ),
    ),
    'model without a class': (
        "del model['type']\n",
        (
            'model has no type, the name of its class, but _scope_, '
            'backbone, feat_dim, head, momentum, neck, queue_len, spd_head'
        ),
    ),
    'model that is a list': (
        'model = [1, 2]\n',
        'model must be a dict, got [1, 2]',
    ),
    'hook in both groups': (
        "custom_hooks = [dict(default_hooks['kmeans'])]\n",
        (
            'HierarchicalKMeansHook is in custom_hooks and, as kmeans, in '
            'default_hooks: both would run. Fix with: delete it from '
            'custom_hooks, and change an argument by the name of the hook, '
            'as in default_hooks = dict(kmeans=dict(ARGUMENT=VALUE))'
        ),
    ),
    'one part of a validation': (
        "val_cfg = dict(type='ValLoop')\n",
        (
            'ValueError: val_dataloader, val_cfg, and val_evaluator should '
            'be either all None or not None, but got val_dataloader=None, '
            "val_cfg={'type': 'ValLoop'}, val_evaluator=None (--debug "
            'shows where)'
        ),
    ),
}
CASES = cases(config, ALONE | ADDED)
