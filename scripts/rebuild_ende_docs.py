#!/usr/bin/env python3
"""Rebuilds the documentation corpus `ende_docs.jsonl.gz` from Debian packages.

    python scripts/rebuild_ende_docs.py FOLDER [--compare OTHER/ende_docs.jsonl.gz]
    export SPECCASCADE_DATA=FOLDER

Rebuilt are the LibreOffice help, the manual pages and the package descriptions and
synopses. The GIMP help, the GNOME help, the installation guide and the Debian handbook
(9,753 of 81,960 rows of the corpus that the shipped models were trained on) are not.
`--help` says what it needs; the logic is `speccascade.tasks.rebuild`.
"""

from speccascade.tasks.rebuild.command import main

if __name__ == "__main__":
    raise SystemExit(main())
