"""What is found in images, against plain loops over hand-made files."""

import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from hirl_mm.planning.image_facts import decoded_facts, header_facts
from hirl_mm.planning.image_source import image_source
from hirl_mm.planning.survey import survey_images
from tests.planned import draw


@pytest.fixture(scope='module')
def faulty(tmp_path_factory):
    """Good images and one of every fault."""
    root = tmp_path_factory.mktemp('survey') / 'images'
    for i in range(4):
        draw(root / f'good{i}.jpg', i, (30 + i, 50))
    draw(root / 'grey.png', 9, grey=True)
    shutil.copy(root / 'good0.jpg', root / 'same as good0.jpg')
    (root / 'empty.png').touch()
    (root / 'text.jpg').write_text('no image')
    data = draw(root / 'cut.jpg', 5, (64, 64)).read_bytes()
    (root / 'cut.jpg').write_bytes(data[: len(data) // 2])
    # OpenCV decodes it, Pillow does not know it.
    draw(root / 'radiance.hdr', 8)
    data = draw(root / 'broken.png', 6).read_bytes()
    (root / 'broken.png').write_bytes(data[: len(data) // 2])
    ok, one = cv2.imencode('.png', np.full((20, 20, 3), 7, np.uint8))
    assert ok
    (root / 'plain.png').write_bytes(one.tobytes())
    (root / 'gone.jpg').symlink_to(root / 'nowhere.jpg')
    return root


@pytest.mark.parametrize('decode_all', [True, False])
def test_faults(faulty, decode_all):
    paths = image_source(faulty).paths
    survey = survey_images(paths, decode_all)
    assert survey.num_images == 13 and survey.num_decoded == 13
    unreadable = {Path(path).name for path in survey.unreadable}
    bad = {'empty.png', 'text.jpg', 'broken.png', 'gone.jpg', 'cut.jpg'}
    assert unreadable == bad
    reasons = {Path(p).name: why for p, why in survey.unreadable.items()}
    assert reasons['empty.png'] == 'the file is empty'
    assert 'No such file' in reasons['gone.jpg']
    assert 'not the beginning of an image' in reasons['text.jpg']
    assert reasons['cut.jpg'] == 'the end of the file is missing'
    assert list(survey.one_colour) == [str(faulty / 'plain.png')]
    twins = [str(faulty / 'good0.jpg'), str(faulty / 'same as good0.jpg')]
    assert survey.duplicates == [twins] and survey.num_duplicates == 1


def test_counts(faulty):
    survey = survey_images(image_source(faulty).paths, True)
    paths = image_source(faulty).paths
    good = [path for path in paths if path not in survey.unreadable]
    shapes = [cv2.imread(p, cv2.IMREAD_UNCHANGED).shape for p in good]
    sizes = Counter((width, height) for height, width, *_ in shapes)
    assert survey.sizes == sizes
    shorts = sorted(min(shape[:2]) for shape in shapes)
    assert survey.short_sides[0] == shorts[0]
    assert survey.short_sides[2] == shorts[-1]
    assert survey.modes == {'RGB': 7, 'L': 1}
    assert survey.num_readable == len(good)
    files = [p for p in faulty.iterdir() if p.exists()]
    assert survey.num_bytes == sum(p.stat().st_size for p in files)


def test_processes_change_nothing(faulty, monkeypatch):
    paths = image_source(faulty).paths
    monkeypatch.setattr('hirl_mm.planning.survey._MIN_FOR_PROCESSES', 1)
    monkeypatch.setattr('hirl_mm.planning.survey._CHUNK', 5)
    assert survey_images(paths, True, 2) == survey_images(paths, True, 1)


def test_a_sample_is_decoded(faulty, monkeypatch):
    """All files are judged by their ends; few are decoded."""
    monkeypatch.setattr('hirl_mm.planning.survey.SAMPLE', 2)
    survey = survey_images(image_source(faulty).paths, False)
    assert survey.num_decoded == 2
    # Decoded, too, because Pillow does not know it.
    assert str(faulty / 'radiance.hdr') not in survey.unreadable
    assert len(survey.unreadable) == 5
    assert sum(survey.modes.values()) >= 8
    # The twins are compared by their bytes, though not decoded.
    assert survey.num_duplicates == 1


def test_headers_agree_with_decoding(flat):
    for path in image_source(flat).paths:
        head, whole = header_facts(path), decoded_facts(path)
        assert (head.width, head.height) == (whole.width, whole.height)
        assert head.mode == whole.mode == 'RGB'
        assert not (head.error or whole.error)
        assert head.one_colour is None and whole.one_colour is False


def test_images_in_shards(flat, tmp_path):
    from hirl_mm.datasets.shards.conversion import convert

    convert(flat, tmp_path / 'shards')
    files = survey_images(image_source(flat).paths, False)
    packed = survey_images(image_source(tmp_path / 'shards').paths, False)
    assert packed.sizes == files.sizes and packed.num_bytes == files.num_bytes
