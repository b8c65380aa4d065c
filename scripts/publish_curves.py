"""Writes an experiment's curves to the file that ships with the project.

python scripts/publish_curves.py demo_full [key=value ...]
"""

import sys

from speccascade.cli.guard import guarded
from speccascade.cli.publish import main

if __name__ == "__main__":
    sys.exit(guarded(lambda: main(sys.argv[1:])))
