from mmengine.config import Config


def with_data_preprocessor(cfg: Config) -> dict:
    """Return the model's config with the data preprocessor of the config.

    The Runner does the same before it builds the model.

    Args:
        cfg: A training config; not changed.
    """
    model = cfg.model.copy()
    if cfg.get('data_preprocessor') is not None:
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    return model
