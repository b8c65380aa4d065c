"""Trains the shared vocabulary anew: `train_vocabulary.py CORPORA MODEL_FILE`.

The shipped vocabulary is frozen; this is how it was made.
"""

import sys
from pathlib import Path

from speccascade.training.vocabulary import build

if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
