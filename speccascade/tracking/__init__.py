"""The W&B mirror: replays what the store holds; the only importer of wandb.

The store is the truth, and nothing here is ever read back. A mirror makes one W&B run
of each curve of a run directory, and one of each figure, which consumes its curves.
"""

from speccascade.tracking.mirror import NoMirror, WandbMirror

__all__ = ["NoMirror", "WandbMirror"]
