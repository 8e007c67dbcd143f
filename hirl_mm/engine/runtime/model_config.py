from mmengine.config import Config


def with_data_preprocessor(cfg: Config) -> dict:
    """The model's config as the Runner completes it before it builds."""
    model = cfg.model.copy()
    if cfg.get('data_preprocessor') is not None:
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    return model
