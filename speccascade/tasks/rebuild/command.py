"""The command line of `scripts/rebuild_ende_docs.py`."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from speccascade.checkpoints.sentencepiece_vocabulary import SentencePieceVocabulary
from speccascade.errors import UserError
from speccascade.tasks.corpus import FILE_NAME, CorpusRow, read_corpus, write_corpus
from speccascade.tasks.rebuild.corpus import ORIGINS, build, compare
from speccascade.tasks.rebuild.evaluation import write_evaluation
from speccascade.tasks.rebuild.packages import Packages

DESCRIPTION = f"""\
Makes {FILE_NAME}, the English-German documentation corpus that the shipped models are
trained on, from packages of Debian 12 (bookworm). Needs apt-get and dpkg-deb and the
network, no root; about 250 MB are downloaded and 10 minutes pass, most of them waiting.

Rebuilt: {", ".join(ORIGINS)}.
Packages change with Debian's point releases, and paragraphs that many pages share may
be counted for another page; --compare says how much is the same."""


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    made = argparse.ArgumentParser(
        description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("folder", type=Path, help=f"where {FILE_NAME} is written")
    made.add_argument(
        "--packages", type=Path, help="where packages are kept [FOLDER/packages]"
    )
    made.add_argument(
        "--origins", nargs="+", choices=list(ORIGINS), default=list(ORIGINS)
    )
    made.add_argument(
        "--compare", type=Path, help="another corpus file to compare with"
    )
    made.add_argument(
        "--evaluation",
        type=Path,
        metavar="FOLDER",
        help="also choose evaluation data from the corpus and write them there; they "
        "get ids of their own, and are not those that ship with speccascade",
    )
    made.add_argument(
        "--vocabulary",
        type=Path,
        default=Path(__file__).parents[2] / "data" / "vocabulary.model",
        help="SentencePiece model that limits evaluation data [the shipped one]",
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status (2 for bad input)."""
    options = parser().parse_args(arguments)
    try:
        _rebuild(options)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    return 0


def _rebuild(options: argparse.Namespace) -> None:
    reference = read_corpus(options.compare) if options.compare else []
    packages = Packages(options.packages or options.folder / "packages")
    rows = build(packages, options.origins)
    target = options.folder / FILE_NAME
    write_corpus(target, rows)
    print(f"{target}: {len(rows)} rows")
    for origin, count in Counter(row.origin for row in rows).items():
        print(f"  {origin:20} {count:6}")
    if reference:
        _print_comparison(rows, reference)
    if options.evaluation:
        options.evaluation.mkdir(parents=True, exist_ok=True)
        encode = SentencePieceVocabulary(options.vocabulary).encode
        counts = write_evaluation(rows, encode, options.evaluation)
        for split, count in counts.items():
            print(f"{options.evaluation / f'ende_docs.{split}.jsonl'}: {count} rows")


def _print_comparison(rows: list[CorpusRow], reference: list[CorpusRow]) -> None:
    print(f"{'origin':20}  rebuilt  reference  same pair  same pair and page")
    for origin, overlap in compare(rows, reference).items():
        print(
            f"{origin:20}  {overlap.built:7}  {overlap.reference:9}  "
            f"{overlap.same_pair:9}  {overlap.same_row:18}"
        )
