# Where HIRL helps, by how much, and why: studies in the order of their
# importance, on Fashion-MNIST and on drawn shapes at 32 pixels. A run takes
# minutes on one CPU core; on a GPU many share it (docs/evidence.md).
data = {
    'Fashion-MNIST': dict(
        root='data/fashion-mnist-6000',
        prepare='python tools/dataset_converters/fashion_mnist.py '
        'data/fashion-mnist-6000 --num-train-per-class 600 '
        '--num-val-per-class 200',
    ),
    'Fashion-MNIST, 20000': dict(
        root='data/fashion-mnist-20000',
        prepare='python tools/dataset_converters/fashion_mnist.py '
        'data/fashion-mnist-20000 --num-train-per-class 2000 '
        '--num-val-per-class 200',
        options={
            'train_cfg.max_epochs': 30,
            'param_scheduler.0.T_max': 30,
            'param_scheduler.0.end': 30,
        },
    ),
    'shapes': dict(
        root='data/shapes-grey',
        prepare='python tools/dataset_converters/shapes.py data/shapes-grey '
        '--image-size 32 --num-train-per-class 200 --num-val-per-class 50 '
        '--grey --texture-scale 2 --min-radius 0.28',
    ),
}


def small(method, network='resnet18', steps='1xb64-24e'):
    return f'../small/{method}_{network}_{steps}_fashion-mnist.py'


def of_moco(**options):
    """An arm of HIRL-MoCo v2 with other settings, by their last names."""
    places = dict(
        num_prototypes='default_hooks.kmeans.num_prototypes',
        start_epoch=START,
        mode='default_hooks.kmeans.mode',
        cold_interval='default_hooks.kmeans.cold_interval',
        num_levels='model.spd_head.num_levels',
        num_negatives='model.spd_head.num_negatives',
        reduction='model.spd_head.reduction',
    )
    return dict(
        config=small('hirl-mocov2'),
        options={places.get(name, name): v for name, v in options.items()},
    )


def levels(*num_prototypes):
    return of_moco(
        num_prototypes=num_prototypes, num_levels=len(num_prototypes)
    )


def control(name):
    return of_moco(
        custom_imports=dict(imports=['hirl_mm.studies.tree_controls']),
        **{
            'default_hooks.tree_control': dict(
                type='hirl_mm.TreeControlHook', control=name
            )
        },
    )


VIT = 'vit-4x64-p8'
METHODS = {
    'MoCo v2': ('mocov2',),
    'SimSiam': ('simsiam',),
    'SwAV': ('swav',),
    'MoCo v3': ('mocov3', VIT),
    'DINO': ('dino', VIT, '1xb32-mcrop-24e'),
    'iBOT': ('ibot', VIT, '1xb32-mcrop-24e'),
    'HCCL': ('hccl',),
    'CsMl': ('csml', 'resnet18', '1xb128-12e'),
    'SS-PRL': ('ssprl',),
}
RANDOM = 'random ResNet', 'random ViT'


# Networks of the recipes that the study `start` leaves out.
RECIPES = {
    kind + name: RANDOM[VIT in parts]
    for name, parts in METHODS.items()
    for kind in ('', 'HIRL-')
    if kind + name not in ('MoCo v2', 'DINO')
}
START = 'default_hooks.kmeans.start_epoch'
# HIRL-SimSiam was measured with the first tree of all others; that of its
# recipe is later since the study `first tree of SimSiam`.
RECIPE_OF_SIMSIAM = 'SimSiam, trees from epoch 12'
RECIPES[RECIPE_OF_SIMSIAM] = RANDOM[0]


arms = {
    'random ResNet': dict(config=small(*METHODS['MoCo v2']), trained=False),
    'random ViT': dict(config=small(*METHODS['DINO']), trained=False),
}
for name, (method, *rest) in METHODS.items():
    arms[name] = dict(config=small(method, *rest))
    arms[f'HIRL-{name}'] = dict(config=small(f'hirl-{method}', *rest))
arms['HIRL-SimSiam']['options'] = {START: 6}
arms |= {
    'SS-PRL of whole views': dict(config=small('ssprl-scale0')),
    'HIRL-CsMl tree': dict(
        config=small('hirl-csml-tree', *METHODS['CsMl'][1:])
    ),
    '465 prototypes': of_moco(num_prototypes=(465, 155, 15), start_epoch=7),
    'one level of 215': levels(215),
    'shuffled parents': control('shuffled_parents'),
    'random leaves': control('random_leaves'),
    'one level': levels(150),
    'two levels': levels(150, 50),
    'four levels': levels(150, 50, 15, 5),
    '1000 negatives': of_moco(num_negatives=1000),
    'all negatives': of_moco(num_negatives=None),
    'official reduction': of_moco(reduction='official'),
    'trees from epoch 2': of_moco(start_epoch=2),
    'trees from epoch 12': of_moco(start_epoch=12),
    'faithful': of_moco(mode='faithful'),
    'bank': of_moco(mode='bank'),
    'warm': of_moco(cold_interval=10),
}
for name in 'SimSiam', 'DINO':
    hirl = arms[f'HIRL-{name}']
    options = hirl.get('options', {}) | {'model.spd_views': 2}
    arms[f'{name}, two views'] = dict(hirl, options=options)
arms['SimSiam, trees from epoch 2'] = dict(
    arms['HIRL-SimSiam'], options={START: 2}
)
arms[RECIPE_OF_SIMSIAM] = dict(config=small('hirl-simsiam'))
HIRL = 'HIRL-MoCo v2'


def against_plain(*methods):
    names = [f'{kind}{name}' for name in methods for kind in ('', 'HIRL-')]
    return dict(arms=names, pairs=[(f'HIRL-{m}', m) for m in methods])


def against_hirl(*others):
    return dict(arms=[HIRL, *others], pairs=[(o, HIRL) for o in others])


def study(
    name, question, arms, pairs, seeds, data=('Fashion-MNIST', 'shapes')
):
    return dict(
        name=name,
        question=question,
        data=list(data),
        arms=arms,
        seeds=list(range(seeds)),
        pairs=pairs,
    )


studies = [
    study(
        'gain',
        'Does HIRL change the features of MoCo v2 and DINO?',
        **against_plain('MoCo v2', 'DINO'),
        seeds=5,
    ),
    study(
        'more images',
        'Does HIRL change the features of MoCo v2 with 20,000 images?',
        arms=['MoCo v2', '465 prototypes'],
        pairs=[('465 prototypes', 'MoCo v2')],
        seeds=5,
        data=('Fashion-MNIST, 20000',),
    ),
    study(
        'methods',
        'Does HIRL change the features of the other methods?',
        **against_plain('SimSiam', 'SwAV', 'MoCo v3', 'iBOT'),
        seeds=3,
    ),
    study(
        'why',
        'Does the gain come from the hierarchy, or from clusters or a further '
        'loss of any kind?',
        arms=[
            *('MoCo v2', HIRL, 'one level of 215'),
            *('shuffled parents', 'random leaves'),
        ],
        pairs=[
            ('one level of 215', 'MoCo v2'),
            *((HIRL, 'one level of 215'), (HIRL, 'shuffled parents')),
            *((HIRL, 'random leaves'), ('random leaves', 'MoCo v2')),
        ],
        seeds=5,
    ),
    study(
        'start',
        'What have trained features that random weights have not?',
        arms=['random ResNet', 'MoCo v2', 'random ViT', 'DINO'],
        pairs=[('MoCo v2', 'random ResNet'), ('DINO', 'random ViT')],
        seeds=5,
    ),
    study(
        'recipes',
        'Which recipes are better than random weights of their network?',
        arms=[*RANDOM, *RECIPES],
        pairs=list(RECIPES.items()),
        seeds=3,
    ),
    study(
        'levels',
        'How many levels?',
        **against_hirl('one level', 'two levels', 'four levels'),
        seeds=3,
    ),
    study(
        'modes',
        'Does a cheaper clustering change the features?',
        **against_hirl('faithful', 'bank', 'warm'),
        seeds=3,
    ),
    study(
        'loss',
        'Do the number of negatives and the reduction of the loss matter?',
        **against_hirl(
            '1000 negatives', 'all negatives', 'official reduction'
        ),
        seeds=3,
    ),
    study(
        'first tree',
        'When should the first tree be built?',
        **against_hirl('trees from epoch 2', 'trees from epoch 12'),
        seeds=3,
    ),
    study(
        'views',
        'Should the other global view follow the path, too?',
        arms=[
            *('HIRL-SimSiam', 'SimSiam, two views'),
            *('HIRL-DINO', 'DINO, two views'),
        ],
        pairs=[
            (f'{name}, two views', f'HIRL-{name}')
            for name in ('SimSiam', 'DINO')
        ],
        seeds=3,
    ),
    study(
        'first tree of SimSiam',
        'Does the harm to SimSiam come from trees that are built too early?',
        arms=[
            *('SimSiam', 'HIRL-SimSiam'),
            *('SimSiam, trees from epoch 2', 'SimSiam, trees from epoch 12'),
        ],
        pairs=[
            ('SimSiam, trees from epoch 2', 'HIRL-SimSiam'),
            ('SimSiam, trees from epoch 12', 'HIRL-SimSiam'),
            ('SimSiam, trees from epoch 12', 'SimSiam'),
        ],
        seeds=3,
    ),
    study(
        'other methods of the project',
        'What do levels of HCCL, positives of CsMl, patches of SS-PRL and '
        'trees give?',
        arms=[
            *('MoCo v2', 'CsMl', 'HIRL-CsMl', 'HIRL-CsMl tree'),
            *('SimSiam', 'HCCL', 'HIRL-HCCL'),
            *('SS-PRL of whole views', 'SS-PRL', 'HIRL-SS-PRL'),
        ],
        pairs=[
            *(('CsMl', 'MoCo v2'), ('HIRL-CsMl', 'CsMl')),
            *(('HIRL-CsMl tree', 'HIRL-CsMl'), ('HCCL', 'SimSiam')),
            ('HIRL-HCCL', 'HCCL'),
            ('SS-PRL', 'SS-PRL of whole views'),
            ('HIRL-SS-PRL', 'SS-PRL'),
        ],
        seeds=3,
    ),
]
plotted = ('kNN k=20, fine', 'kNN k=20, middle', 'NMI, fine')
pictures = dict(
    gains=['gain', 'more images', 'methods'],
    controls=['why'],
    recipes=['start', 'recipes'],
    settings=[
        *('levels', 'modes', 'loss', 'first tree', 'views'),
        'first tree of SimSiam',
    ],
    siblings=['other methods of the project'],
)
