import pytest

from tests.planned import draw


@pytest.fixture
def flat(tmp_path):
    """Eight images without classes, PNG and JPEG."""
    root = tmp_path / 'flat'
    for i in range(8):
        draw(root / f'{i}{".jpg" if i % 2 else ".png"}', i)
    return root
