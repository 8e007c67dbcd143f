# Where HIRL helps on photographs with colours: studies in the order of their
# importance, for one GPU (docs/evidence.md). Every study has images of one
# kind, so that --only makes those whose images are there.
CONVERTERS = 'python tools/dataset_converters'
# Workers only decode images; the GPU makes the views.
ON_DEVICE = {'views': 'device'}
data = {
    'CIFAR-100': dict(
        root='data/cifar-100',
        prepare=f'{CONVERTERS}/cifar.py cifar-100 cifar-100-python.tar.gz',
        options=ON_DEVICE,
    ),
    'CIFAR-10': dict(
        root='data/cifar-10',
        prepare=f'{CONVERTERS}/cifar.py cifar-10 cifar-10-python.tar.gz',
        options=ON_DEVICE,
    ),
    'Tiny ImageNet': dict(
        root='data/tiny-imagenet',
        prepare=f'{CONVERTERS}/tiny_imagenet.py tiny-imagenet-200.zip '
        '--taxonomy wordnet.is_a.txt',
        options=ON_DEVICE,
    ),
    'ImageNet-100': dict(
        root='data/imagenet-100',
        prepare=f'{CONVERTERS}/class_subset.py LIST --source data/imagenet '
        '--out data/imagenet-100 --taxonomy wordnet.is_a.txt',
        options=ON_DEVICE,
    ),
}


def recipe(name, steps, images):
    return f'../small/{name}_{steps}_{images}.py'


def control(name):
    return dict(
        config=arms[HIRL]['config'],
        options={
            'custom_imports': dict(imports=['hirl_mm.studies.tree_controls']),
            'default_hooks.tree_control': dict(
                type='hirl_mm.TreeControlHook', control=name
            ),
        },
    )


RECIPES = {
    'MoCo v2': ('mocov2_resnet18', '1xb512-200e', 'cifar100'),
    'SimSiam': ('simsiam_resnet18', '1xb512-200e', 'cifar100'),
    'DINO': ('dino_vit-tiny-p4', '1xb512-mcrop-200e', 'cifar100'),
    'MoCo v2, 64 pixels': ('mocov2_resnet18', '1xb512-200e', 'tiny-imagenet'),
    'MoCo v2, 224 pixels': ('mocov2_resnet18', '1xb256-200e', 'imagenet-100'),
}
HIRL = 'HIRL-MoCo v2'
arms = {}
for name, (method, *rest) in RECIPES.items():
    arms[name] = dict(config=recipe(method, *rest))
    arms[f'HIRL-{name}'] = dict(config=recipe(f'hirl-{method}', *rest))
arms |= {
    'one level of 1750': dict(
        config=arms[HIRL]['config'],
        options={
            'default_hooks.kmeans.num_prototypes': (1750,),
            'model.spd_head.num_levels': 1,
        },
    ),
    'shuffled parents': control('shuffled_parents'),
    'random leaves': control('random_leaves'),
}


def gain(name, data, methods, seeds):
    pairs = [(f'HIRL-{method}', method) for method in methods]
    return dict(
        name=name,
        question=f'Does HIRL change the features on {data}?',
        data=[data],
        arms=[arm for pair in pairs for arm in reversed(pair)],
        seeds=list(range(seeds)),
        pairs=pairs,
    )


studies = [
    gain('gain', 'CIFAR-100', ['MoCo v2', 'SimSiam', 'DINO'], 5),
    dict(
        name='why',
        question='Does the gain come from the hierarchy, or from clusters or '
        'a further loss of any kind?',
        data=['CIFAR-100'],
        arms=[
            *('MoCo v2', HIRL, 'one level of 1750'),
            *('shuffled parents', 'random leaves'),
        ],
        seeds=list(range(5)),
        pairs=[
            ('one level of 1750', 'MoCo v2'),
            *((HIRL, 'one level of 1750'), (HIRL, 'shuffled parents')),
            *((HIRL, 'random leaves'), ('random leaves', 'MoCo v2')),
        ],
    ),
    gain('CIFAR-10', 'CIFAR-10', ['MoCo v2', 'SimSiam', 'DINO'], 3),
    gain('Tiny ImageNet', 'Tiny ImageNet', ['MoCo v2, 64 pixels'], 3),
    gain('ImageNet-100', 'ImageNet-100', ['MoCo v2, 224 pixels'], 3),
]
# Ten for every class of CIFAR-100.
num_labels = 1000
plotted = ('kNN k=20, class', 'kNN k=20, superclass', 'NMI, class')
