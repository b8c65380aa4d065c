"""Prints both models' quality and the paired gap of an experiment of the two.

    python scripts/report_gap.py [NAME] [key=value ...]

Reads what `speccascade run -m experiment=NAME` left in the store; NAME is pair_gap by
default, and mini_suite_gap for the mini suite.
"""

import sys

from speccascade.cli.compose import Words
from speccascade.cli.gap import report

if __name__ == "__main__":
    names = [word for word in sys.argv[1:] if "=" not in word] or ["pair_gap"]
    words = Words(names=(), overrides=tuple(w for w in sys.argv[1:] if "=" in w))
    for line in report(words, names[0]):
        print(line)
