"""The W&B mirror: replays what the store holds; the only importer of wandb.

The store is the truth, and nothing here is ever read back. A mirror takes a run
directory whose `summary.json` is up to date and makes one W&B run a curve of it.
"""

from speccascade.tracking.mirror import NoMirror, WandbMirror

__all__ = ["NoMirror", "WandbMirror"]
