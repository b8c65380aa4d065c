#!/usr/bin/env python3
"""Rebuilds the texts that the mini suite's models are trained on.

    python scripts/rebuild_mini_suite.py FOLDER
    export SPECCASCADE_DATA=FOLDER

Leads of Wikipedia articles and Debian's package descriptions, each with a one-line
summary. `--help` says what it needs; the logic is `speccascade.tasks.rebuild`.
"""

from speccascade.tasks.rebuild.mini_suite import main

if __name__ == "__main__":
    raise SystemExit(main())
