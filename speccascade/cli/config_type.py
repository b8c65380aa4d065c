"""The type of a composed configuration, for annotations."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omegaconf import DictConfig as Config
else:
    # The tests check annotations at run time, and OmegaConf's own class is built on
    # deprecated ones, which is a warning there and so an error.
    Config = Any

__all__ = ["Config"]
