"""Prints and writes the fastest gamma of every method of a sweep over gammas.

    speccascade run -m experiment=choose_gamma [key=value ...]
    python scripts/choose_gamma.py [key=value ...]

The overrides are those of the sweep.
"""

import sys

from speccascade.cli.choose_gamma import main
from speccascade.cli.guard import guarded

if __name__ == "__main__":
    sys.exit(guarded(lambda: main(sys.argv[1:])))
