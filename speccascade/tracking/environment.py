"""Which program writes to W&B: its version, its commit, its JAX."""

import functools
import importlib.metadata
import subprocess
from pathlib import Path

import speccascade


@functools.cache
def environment() -> dict[str, str | None]:
    """Of this process, which `sync` may start long after the curve was decoded.

    So none of it enters a digest. The commit is None outside of a checkout, and ends in
    `-dirty` where files were changed.
    """
    return {
        "speccascade_version": speccascade.__version__,
        "jax_version": importlib.metadata.version("jax"),
        "commit": _commit(Path(speccascade.__file__).parents[1]),
    }


def _commit(root: Path) -> str | None:
    if not (root / ".git").exists():
        return None
    asked = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
