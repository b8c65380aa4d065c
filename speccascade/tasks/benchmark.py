"""A public data set: where its rows are read, which are asked, and in what form.

Rows come from local files (`data`, with the folders and names that each task states)
or, where those are not there, from a data set that TFDS has prepared. Nothing is
downloaded, and nothing is read before a split is asked for. A row that is not what the
task expects is an error that names its file and line; none is dropped.

Which rows: all, in their order, or those in a stored list of ids (`sample`), the same
for every method. The id of a row is its place in its split.

In few-shot form the worked examples are the first rows of the training split. Where
that is not at hand they are the last of the validation split, or else of the test
split, and those are not asked.
"""

import abc
import dataclasses
import gzip
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from speccascade.checkpoints.paths import resolve
from speccascade.errors import UserError
from speccascade.tasks.base import Task, Text


class Row(NamedTuple):
    """One row and where it stands, for messages."""

    where: str
    fields: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Benchmark(Task):
    """A public data set in the forms that fine-tuned and base models are asked in.

    Attributes:
      data: folder of local files; None: none.
      tfds_data: folder of what TFDS has prepared; None: none.
      sample: JSON file with the ids that are asked, in their order; None: all rows.
      shots: worked examples before a few-shot prompt.
      few_shot_buckets: prompt lengths in that form.
      shown_from: split that ends in rows that are shown instead of asked.
      FILES: our split -> pattern of the file's path below `data`.
      TFDS: name of the data set there; empty: it has none.
      TFDS_SPLITS: our split -> split there.
      SHOT_FORM: one worked example, with `{source}` and `{written}`; the prompt is the
        same up to `{written}`, without the space before it.
      SHOT_STOP: what ends an answer in that form.
    """

    data: str | None = None
    tfds_data: str | None = None
    sample: str | None = None
    shots: int
    few_shot_buckets: tuple[int, ...]
    shown_from: str = ""
    FILES: ClassVar[Mapping[str, str]]
    TFDS: ClassVar[str] = ""
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = {}
    SHOT_FORM: ClassVar[str]
    SHOT_STOP: ClassVar[tuple[str, ...]] = ("\n",)

    @abc.abstractmethod
    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str | None]:
        """Source, reference and solution (see `Text`) of one row.

        A KeyError, TypeError or ValueError becomes an error that names the row.
        """

    @property
    def source(self) -> str:
        return self.name

    def texts(self, split: str) -> list[Text]:
        found = [self._text(number, row) for number, row in enumerate(self.rows(split))]
        if split == self.shown_from:
            found = found[: -self.shots]
        if split == "train" or self.sample is None:
            return found
        ids = json.loads(resolve(self.sample).read_text(encoding="utf-8"))
        if outside := [number for number in ids if not 0 <= number < len(found)]:
            raise UserError(
                f"The sample {self.sample} of task {self.name!r} names row "
                f"{outside[0]}, and its {split} split has {len(found)}: set "
                "task.sample=null for all rows in their order."
            )
        return [found[number] for number in ids]

    def rows(self, split: str) -> Iterator[Row]:
        """The rows of a split in their order, from local files or from TFDS.

        Raises:
          UserError: neither has the split, or a file cannot be read.
        """
        path = self.local_file(split)
        if path is not None:
            return self.local_rows(path)
        if self._prepared(split) is not None:
            return self._prepared_rows(split)
        raise self._missing(split)

    def has(self, split: str) -> bool:
        """Whether a split is at hand."""
        return self.local_file(split) is not None or self._prepared(split) is not None

    def local_file(self, split: str) -> Path | None:
        """The file of a split below `data`, or None where there is none.

        Raises:
          UserError: several files fit.
        """
        pattern = self.FILES.get(split)
        if self.data is None or pattern is None:
            return None
        found = sorted(Path(self.data).expanduser().glob(pattern))
        if len(found) > 1:
            raise UserError(
                f"Several files of {self.data} fit {pattern} of task {self.name!r}: "
                f"{', '.join(path.name for path in found)}; leave one."
            )
        return found[0] if found else None

    def local_rows(self, path: Path) -> Iterator[Row]:
        """The rows of one file: JSON lines, gzipped or not."""
        for number, line in enumerate(read_lines(path), start=1):
            where = f"{path}, line {number}"
            try:
                fields = json.loads(line)
            except ValueError as error:
                raise UserError(f"{where} is no JSON ({error}).") from error
            yield Row(where, fields)

    def evaluation_file(self, split: str) -> Path:
        """The local file, or the description of the data set that TFDS prepared."""
        self.check_split(split)
        path = self.local_file(split) or self._prepared(split)
        if path is None:
            raise self._missing(split)
        return path

    def recipe(self, split: str) -> dict[str, object]:
        return super().recipe(split) | {"sample": self.sample}

    def in_form(self, form: str) -> Task:
        """`few_shot`: `shots` worked examples, then the prompt, open."""
        if form != "few_shot":
            return super().in_form(form)
        shown_from, shots = self._shots()
        head, _, _ = self.SHOT_FORM.partition("{written}")
        return dataclasses.replace(
            self,
            prompt_form="".join([*map(self.worked_example, shots), head.rstrip(" ")]),
            open_prompt=True,
            cuts_prompts=False,  # it would lose the end, where the question stands
            stop=self.SHOT_STOP,
            max_prompt_tokens=self.few_shot_buckets[-1],
            buckets=self.few_shot_buckets,
            shown_from=shown_from,
        )

    def worked_example(self, text: Text) -> str:
        form = self.SHOT_FORM.replace("{source}", text.source)
        return form.replace("{written}", text.written)

    def _shots(self) -> tuple[str, list[Text]]:
        """The split that loses its last rows to the worked examples, and these."""
        if self.shots == 0:
            return "", []
        if self.has("train"):
            rows = itertools.islice(self.rows("train"), self.shots)
            return "", [self._text(number, row) for number, row in enumerate(rows)]
        split = "validation" if self.has("validation") else "test"
        return split, self.texts(split)[-self.shots :]

    def _prepared(self, split: str) -> Path | None:
        """What TFDS wrote about the newest version that it prepared, if any."""
        if self.tfds_data is None or split not in self.TFDS_SPLITS:
            return None
        versions = Path(self.tfds_data).expanduser() / self.TFDS
        return max(versions.glob("*/dataset_info.json"), default=None, key=_version)

    def _prepared_rows(self, split: str) -> Iterator[Row]:
        from speccascade.tasks import seqio_task

        assert self.tfds_data is not None
        info = self._prepared(split)
        assert info is not None
        name = f"{self.TFDS}:{info.parent.name}"
        theirs = self.TFDS_SPLITS[split]
        rows = seqio_task.prepared_rows(name, theirs, self.tfds_data)
        for number, fields in enumerate(rows):
            yield Row(f"{name}, split {theirs}, row {number}", fields)

    def _text(self, number: int, row: Row) -> Text:
        try:
            return Text(number, *self.read(row.fields))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise UserError(
                f"{row.where} is no example of task {self.name!r} "
                f"({type(error).__name__}: {error})."
            ) from error

    def _missing(self, split: str) -> UserError:
        pattern = self.FILES.get(split)
        places = []
        if pattern is not None:
            places.append(f"put {pattern} into a folder and set paths.data to it")
        if self.TFDS:
            places.append(f"prepare {self.TFDS} with tfds and set TFDS_DATA_DIR")
        return UserError(
            f"Task {self.name!r} does not find its {split} split: "
            f"{', or '.join(places) or 'it has none'}."
        )


def string(fields: Mapping[str, Any], name: str) -> str:
    """A field that must be text.

    Raises:
      KeyError: there is no such field.
      TypeError: it is something else.
    """
    if not isinstance(value := fields[name], str):
        raise TypeError(f"{name} is a {type(value).__name__}, not text")
    return value


def _version(info: Path) -> list[int]:
    return [int(part) for part in info.parent.name.split(".") if part.isdigit()]


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, gzipped where its name ends in `.gz`.

    Raises:
      UserError: the file cannot be read.
    """
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                text = lines.read()
        else:
            text = path.read_text(encoding="utf-8")
    except (OSError, EOFError, ValueError) as error:
        raise UserError(f"{path} cannot be read as text ({error}).") from error
    # Not splitlines(): some text separators that it cuts at may stand in text.
    return text.removesuffix("\n").split("\n")
