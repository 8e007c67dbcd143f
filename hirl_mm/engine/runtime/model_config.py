from mmengine.config import Config, ConfigDict


def preprocessor_owner(cfg: Config) -> Config | ConfigDict:
    """Return the part of a config whose ``data_preprocessor`` is used.

    That of the model is used before that of the config, as in the Runner.

    Args:
        cfg: A training config.
    """
    return cfg.model if 'data_preprocessor' in cfg.model else cfg


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
