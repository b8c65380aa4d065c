"""English to German as the field measures it: WMT14, WMT22, Multi30k.

Fine-tuned models are asked as T5 is (Raffel et al., 2020), base models with worked
examples; `…` stands for the sentence:

    fine_tuned      translate English to German: …

    few_shot        English: Resumption of the session
                    German: Wiederaufnahme der Sitzungsperiode

                    English: …
                    German:

The few-shot answer ends with its line, and is scored without spaces around it; the
other is scored as it was written. Nothing else is done to predictions and references.

Choices, where the paper is silent: the few-shot layout; BLEU's tokenisation, `intl`, as
in the T5 code, with WMT's `13a` beside it (each signature is stored and printed).
"""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from speccascade.errors import UserError
from speccascade.tasks.benchmark import Benchmark, Row, read_lines, string
from speccascade.tasks.metrics import Bleu, Chrf, Metric

ENDE_METRICS = (Bleu(), Bleu(tokenize="13a"), Chrf())


@dataclasses.dataclass(frozen=True, kw_only=True)
class EnglishGerman(Benchmark):
    """Sentence pairs, from two parallel files or from TFDS.

    The worked examples are five, as in the paper's WMT task for Gemma (section 5.2).

    Attributes:
      PARALLEL: what stands in an English file's name where its German one has the other
        (at the last place where it stands).
    """

    prompt_form: str = "translate English to German: {source}"
    cuts_prompts: bool = True
    metrics: tuple[Metric, ...] = ENDE_METRICS
    shots: int = 5
    few_shot_buckets: tuple[int, ...] = (384, 512, 1024)
    PARALLEL: ClassVar[tuple[str, str]] = (".en", ".de")
    SHOT_FORM: ClassVar[str] = "English: {source}\nGerman: {written}\n\n"

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, None]:
        return string(fields, "en"), string(fields, "de"), None

    def local_rows(self, path: Path) -> Iterator[Row]:
        """Line by line from both files.

        Raises:
          UserError: one is missing, or they do not have as many lines.
        """
        german = self._german(path)
        pairs = read_lines(path), read_lines(german)
        if len(pairs[0]) != len(pairs[1]):
            raise UserError(
                f"{path} has {len(pairs[0])} lines and {german} {len(pairs[1])}: they "
                "are not translations of each other, line by line."
            )
        for number, (en, de) in enumerate(zip(*pairs, strict=True), start=1):
            yield Row(f"{path}, line {number}", {"en": en, "de": de})

    def files_beside(self, split: str) -> tuple[Path, ...]:
        path = self.local_file(split)
        return () if path is None else (self._german(path),)

    def _german(self, path: Path) -> Path:
        english, german = self.PARALLEL
        before, _, after = path.name.rpartition(english)
        return path.with_name(f"{before}{german}{after}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wmt14EnDe(EnglishGerman):
    """WMT14 news, Bojar et al. (2014): the paper's translation task for T5 and Gemma.

    Data: TFDS `wmt14_translate/de-en` (features de, en), or local files
    `wmt14/newstest2013.{en,de}` (validation), `wmt14/newstest2014.{en,de}` (test) and
    `wmt14/train.{en,de}`. 4.5 million training pairs, 3,000 of newstest2013 for
    validation, 3,003 of newstest2014 for test. Licence: free for research; Europarl,
    Common Crawl and News Commentary in the training split have their own terms.

    The paper's figures are over the whole validation split (T5), 80 tokens in and out;
    for Gemma 1,000 prompts of it. Longer prompts are cut at 80 tokens, as T5 does; few
    shots are not cut.
    """

    name: str = "wmt14_ende"
    max_prompt_tokens: int = 80
    max_new_tokens: int = 80
    buckets: tuple[int, ...] = (40, 80)
    paper_split: ClassVar[str] = "validation"
    FILES: ClassVar[Mapping[str, str]] = {
        "train": "wmt14/train.en*",
        "validation": "wmt14/newstest2013.en*",
        "test": "wmt14/newstest2014.en*",
    }
    TFDS: ClassVar[str] = "wmt14_translate/de-en"
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = {
        "train": "train",
        "validation": "validation",
        "test": "test",
    }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wmt22(EnglishGerman):
    """WMT22 general translation, Kocmi et al. (2022): four domains, no training data.

    Data: local files `wmt22/*.src.en` and `*.ref.A.de`, as the organisers give them
    (2,037 lines in all; github.com/wmt-conference/wmt22-news-systems). Licence: free
    for research.

    Of the two references A is scored and B is not read, as `sacrebleu -t wmt22` does,
    so that numbers compare with published ones. The paper does not have this task; it
    takes WMT14's form with 128 tokens in and out, since a line may hold several
    sentences. The worked examples are the last lines, which are not asked.
    """

    name: str = "wmt22"
    max_prompt_tokens: int = 128
    max_new_tokens: int = 128
    buckets: tuple[int, ...] = (64, 128)
    PARALLEL: ClassVar[tuple[str, str]] = (".src.en", ".ref.A.de")
    FILES: ClassVar[Mapping[str, str]] = {"test": "wmt22/*.src.en*"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Multi30k(EnglishGerman):
    """Image captions, Elliott et al. (2016): short and simple sentences.

    Data: local files of task 1, raw, gzipped or not: `multi30k/train.{en,de}` (29,000
    pairs), `multi30k/val.{en,de}` (1,014), `multi30k/test_2016_flickr.{en,de}` (1,000),
    from github.com/multi30k/dataset. Licence: non-commercial research; captions of
    Flickr30k.

    The paper does not have this task; it takes WMT14's form and limits.
    """

    name: str = "multi30k"
    max_prompt_tokens: int = 80
    max_new_tokens: int = 80
    buckets: tuple[int, ...] = (40, 80)
    few_shot_buckets: tuple[int, ...] = (192, 256, 512)
    FILES: ClassVar[Mapping[str, str]] = {
        "train": "multi30k/train.en*",
        "validation": "multi30k/val.en*",
        "test": "multi30k/test_2016_flickr.en*",
    }
