"""`python -m speccascade` is the command `speccascade`."""

import sys

from speccascade.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
