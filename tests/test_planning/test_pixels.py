"""Initial weights see pixels as in the library that they come from."""

import json

import numpy as np
import pytest
import safetensors.torch
import torch
import transformers
from timm.data import create_transform
from torchvision.transforms.functional import to_pil_image

from hirl_mm.checkpoints.export import export_backbone
from hirl_mm.engine.features.feature_pass import normalized_images
from hirl_mm.engine.runtime.model_config import with_data_preprocessor
from hirl_mm.planning.choices.pixels import pixel_settings
from hirl_mm.planning.image_source import image_source
from hirl_mm.planning.init_backbone import read_initial
from hirl_mm.planning.plan import Wishes, plan_training
from hirl_mm.planning.recipes import recipes
from hirl_mm.registry import MODELS, enter_scope
from tests.libraries import huggingface, scaled, timm_resnet, timm_vit
from tests.planned import GPU, draw, situation
from tests.released import SIZE

pytestmark = pytest.mark.slow
MEAN, STD = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp('images')
    for i in range(40):
        draw(folder / f'{i}.png', i)
    return image_source(folder)


@pytest.fixture(scope='module')
def photographs():
    """(3, H, W, 3) uint8, red first."""
    rng = np.random.default_rng(3)
    return rng.integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)


def planned(method, checkpoint, source, folder, **changes):
    """The plan of a method from weights, and its model with them."""
    recipe = recipes()[method]
    init = read_initial(str(checkpoint), recipe.config().model.backbone)
    file = folder / 'init.pth'
    wishes = Wishes(epochs=2, init=init, init_file=file)
    plan = plan_training(
        recipe, source, situation(num_images=40, **changes), wishes
    )
    init.write(file)
    cfg = plan.config()
    enter_scope(cfg)
    model = MODELS.build(with_data_preprocessor(cfg))
    model.init_weights()
    return plan, model.double().eval()


@torch.no_grad()
def features(model, photographs):
    """Of the backbone, by the model's own preprocessor, in float64."""
    bgr = torch.from_numpy(photographs[..., ::-1].copy()).permute(0, 3, 1, 2)
    batch = dict(inputs=bgr, data_samples=None)
    seen = normalized_images(model, batch).double()
    output = model.backbone(seen)[-1]
    if output.ndim == 3:  # class token and patches
        return output[:, 0]
    return output.mean((2, 3)) if output.ndim == 4 else output


def assert_same(given, expected):
    assert expected.std(0).mean() > 1e-3
    # Normalised images are float32 in both libraries.
    torch.testing.assert_close(given, expected, rtol=1e-5, atol=1e-5)


def timm_folder(net, folder):
    safetensors.torch.save_file(
        {k: v.float().contiguous() for k, v in net.state_dict().items()},
        folder / 'model.safetensors',
    )
    described = dict(pretrained_cfg=dict(mean=MEAN, std=STD))
    (folder / 'config.json').write_text(json.dumps(described))
    return folder


def wide_vit():
    """Of a width whose number of heads is known."""
    return timm_vit(embed_dim=192, depth=1)


@pytest.mark.parametrize(
    ('method', 'make', 'key'),
    [
        ('hirl-dino', wide_vit, 'data_preprocessor'),
        ('hirl-simsiam', timm_resnet, 'data_preprocessor'),
        # The recipe has it in the model, and beside the model, unused.
        ('hirl-swav', timm_resnet, 'model.data_preprocessor'),
    ],
)
def test_weights_of_timm(method, make, key, source, photographs, tmp_path):
    net = make()
    folder = timm_folder(net, tmp_path)
    plan, model = planned(method, folder, source, tmp_path)
    transform = create_transform(
        (3, SIZE, SIZE), mean=MEAN, std=STD, crop_pct=1.0
    )
    images = [transform(to_pil_image(image)) for image in photographs]
    with torch.no_grad():
        expected = net(torch.stack(images).double())
    assert_same(features(model, photographs), expected)
    assert '# That of the weights to start from.' in plan.text
    (choice,) = [s for s in plan.settings if s.key == key]
    assert choice.value['mean'] == [127.5, 102.0, 76.5]
    assert choice.label.endswith('102 76.5, standard deviation 51 63.75 76.5')


@pytest.mark.parametrize(
    'stated',
    [
        dict(image_mean=MEAN, image_std=STD),
        dict(image_mean=MEAN, image_std=STD, rescale_factor=1 / 127.5),
        dict(image_mean=[100.0] * 3, image_std=[30.0] * 3, do_rescale=False),
        dict(do_normalize=False),
    ],
)
def test_weights_of_transformers(stated, source, photographs, tmp_path):
    net = scaled(huggingface('ViT')[1])
    net.float().save_pretrained(tmp_path)
    usual = dict(image_processor_type='ViTImageProcessor', do_resize=False)
    (tmp_path / 'preprocessor_config.json').write_text(
        json.dumps(usual | stated)
    )
    processor = transformers.AutoImageProcessor.from_pretrained(tmp_path)
    seen = processor(list(photographs), return_tensors='pt')['pixel_values']
    with torch.no_grad():
        expected = net.double()(seen.double()).last_hidden_state[:, 0]
    _, model = planned('hirl-mocov3', tmp_path, source, tmp_path)
    assert_same(features(model, photographs), expected)


def test_weights_that_see_blue_first(source, photographs, tmp_path):
    """A backbone in Caffe's style, and with views made on a GPU."""
    net = timm_resnet(bottleneck=False)
    mean, std = [103.53, 116.28, 123.675], [1.0, 2.0, 3.0]
    inner = f'dict(mean={mean}, std={std}, to_rgb=False)'
    for preprocessor in (
        inner,
        f"dict(type='hirl_mm.DeviceViews', data_preprocessor={inner})",
    ):
        text = f'model = dict(data_preprocessor={preprocessor})'
        weights = {
            f'backbone.{k}': v.float() for k, v in net.state_dict().items()
        }
        torch.save(
            dict(state_dict=weights, meta=dict(cfg=text)),
            tmp_path / 'bgr.pth',
        )
        plan, model = planned(
            'hirl-simsiam', tmp_path / 'bgr.pth', source, tmp_path
        )
        bgr = torch.from_numpy(photographs[..., ::-1].copy()).double()
        seen = (bgr - torch.tensor(mean)) / torch.tensor(std)
        with torch.no_grad():
            expected = net(seen.permute(0, 3, 1, 2))
        assert_same(features(model, photographs), expected)
        assert 'of blue, green, red' in str(plan.choices())


def test_a_file_that_an_import_wrote(source, photographs, tmp_path):
    """It still knows normalisation, heads and epsilon of the first file."""
    folder = tmp_path / 'transformers'
    net = scaled(huggingface('ViT')[1])
    net.float().save_pretrained(folder)
    stated = dict(image_mean=MEAN, image_std=STD)
    (folder / 'preprocessor_config.json').write_text(json.dumps(stated))
    _, model = planned('hirl-mocov3', folder, source, tmp_path)
    again = tmp_path / 'again'
    again.mkdir()
    _, other = planned('hirl-mocov3', tmp_path / 'init.pth', source, again)
    assert other.backbone.ln1.eps == model.backbone.ln1.eps == 1e-12
    assert_same(features(other, photographs), features(model, photographs))


def test_nothing_to_change(source, tmp_path):
    """Equal values are not written; unknown ones with what to do."""
    recipe = recipes()['hirl-simsiam'].config()
    plan = plan_training(recipes()['hirl-simsiam'], source, situation())
    assert 'data_preprocessor' not in plan.text
    net = timm_resnet()
    state = {k: v.float() for k, v in net.state_dict().items()}
    torch.save(state, tmp_path / 'resnet.pth')
    plan, _ = planned(
        'hirl-simsiam', tmp_path / 'resnet.pth', source, tmp_path
    )
    assert 'file of the weights states none' in plan.text.replace('\n# ', ' ')
    assert plan.config().data_preprocessor.mean == [123.675, 116.28, 103.53]
    init = read_initial(str(tmp_path / 'resnet.pth'), recipe.model.backbone)
    network = init.network(recipe.model.backbone, 64, '', tmp_path)
    imagenet = dict(
        mean=[0.485 * 255, 0.456 * 255, 0.406 * 255],
        std=[0.229 * 255, 0.224 * 255, 0.225 * 255],
        channels='rgb',
    )
    network.pixels.update(imagenet)
    assert not [*pixel_settings(recipe, network)]
    network.pixels['channels'] = 'bgr'
    assert [*pixel_settings(recipe, network)]


def test_the_export_of_such_a_training(source, photographs, tmp_path):
    """transformers prepares images as the training did."""
    timm_folder(timm_resnet(), tmp_path)
    plan, model = planned('hirl-simsiam', tmp_path, source, tmp_path)
    trained = tmp_path / 'epoch_2.pth'
    torch.save(
        dict(
            state_dict=model.float().state_dict(),
            meta=dict(cfg=plan.config().pretty_text),
        ),
        trained,
    )
    out = tmp_path / 'backbone'
    exported = export_backbone(trained, 'huggingface', out)
    assert exported.images == (
        'red, green, blue from 0 to 1, mean 0.5, 0.4, 0.3, standard '
        'deviation 0.2, 0.25, 0.3'
    )
    processor = transformers.AutoImageProcessor.from_pretrained(out)
    # As images for the tree: the middle of the short side.
    assert processor.size['shortest_edge'] == SIZE
    assert processor.crop_size == dict(height=SIZE, width=SIZE)
    seen = processor(list(photographs), return_tensors='pt')['pixel_values']
    net = transformers.ResNetModel.from_pretrained(out)
    with torch.no_grad():
        found = net.eval().double()(seen.double()).pooler_output.flatten(1)
    assert_same(found, features(model.double(), photographs))
    # What an export of the same place no longer knows does not stay.
    torch.save(dict(state_dict=model.float().state_dict()), trained)
    assert 'unknown' in export_backbone(trained, 'huggingface', out).images
    assert not (out / 'preprocessor_config.json').exists()


def test_views_that_a_gpu_makes(source, tmp_path):
    """They are normalised in the same way."""
    timm_folder(timm_resnet(), tmp_path)
    plan, _ = planned('hirl-simsiam', tmp_path, source, tmp_path, machine=GPU)
    assert "views = 'device'" in plan.text
    assert plan.config().data_preprocessor.mean == [127.5, 102.0, 76.5]
