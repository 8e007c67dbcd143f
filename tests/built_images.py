from hirl_mm.datasets.distinct_images import distinct_images, simplest
from hirl_mm.datasets.wrappers import build_dataset


def build_images(cfg):
    """The images of a config, each once, as evaluations read them."""
    return simplest(distinct_images(build_dataset(cfg)))
