#!/usr/bin/env python3
"""Rebuilds the documentation corpus `ende_docs.jsonl.gz` from Debian packages.

    python scripts/rebuild_ende_docs.py FOLDER [--compare OTHER/ende_docs.jsonl.gz]
    export SPECCASCADE_DATA=FOLDER

From the LibreOffice help, the manual pages, the package descriptions and synopses, the
GIMP help, the GNOME help, the Debian installation guide and the Debian handbook.
`--help` says what it needs; the logic is `speccascade.tasks.rebuild`.
"""

from speccascade.tasks.rebuild.command import main

if __name__ == "__main__":
    raise SystemExit(main())
