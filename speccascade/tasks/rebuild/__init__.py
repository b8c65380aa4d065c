"""Makes the documentation corpus from Debian packages, and the evaluation data from it.

packages       Debian packages and the package index -> bytes
pairs          which two texts make a row; repetitions
libreoffice    help pages, paragraph by paragraph of the same id
manpages       manual pages, block by block of the same section
descriptions   package descriptions and synopses
blocks         the blocks of a page; those of structurally identical pages, aligned
books          GIMP help, GNOME help, installation guide, Debian handbook
corpus         all of them -> rows; comparison with another corpus
evaluation     rows -> the evaluation data that ship
command        the command line of scripts/rebuild_ende_docs.py
"""
