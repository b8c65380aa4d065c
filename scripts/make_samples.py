#!/usr/bin/env python3
"""Writes the stored sub-samples, `speccascade/data/samples/TASK.json`, anew.

    python scripts/make_samples.py

The logic is `speccascade.tasks.samples`.
"""

from speccascade.checkpoints.paths import PACKAGE_PREFIX, resolve
from speccascade.tasks.samples import write_samples

if __name__ == "__main__":
    write_samples(resolve(f"{PACKAGE_PREFIX}samples"))
