"""Compiled programs: kept on disk for later processes, given back by this one."""

from pathlib import Path

import jax


def free_compiled_programs() -> None:
    """Gives back the memory of this process's programs, which no later job runs.

    On a CPU each has hundreds of mappings, and Linux allows a process 65,530 by
    default: after some 45 jobs of a sweep LLVM would abort it.
    """
    jax.clear_caches()


def keep_compiled_programs(folder: Path) -> None:
    """Lets a later process find what this one compiles."""
    # JAX's own thresholds skip what compiles within a second: most of our programs.
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
