"""Summaries of news articles and of scientific abstracts: XSum, CNN/DailyMail, SciTLDR.

Fine-tuned models are asked as T5 is (Raffel et al., 2020), base models with worked
examples; `…` stands for the text:

    fine_tuned      summarize: …

    few_shot        Article: A lorry has overturned on the A9. […]
                    Summary: A road is closed after a lorry overturned.

                    Article: …
                    Summary:

Fine-tuned, a prompt that is too long is cut at the limit, as T5 does. Few-shot, every
article is cut to `few_shot_words` words and stands on one line, so that worked examples
and question fit the largest bucket; so does every summary, and the answer ends with its
line. It is scored without spaces around it, the other as it was written.

Choices, where the paper is silent: the few-shot layout and the cut; ROUGE by the
package rouge-score with its stemmer, as in most published tables. The T5 code does not
stem: its number stands beside (`rouge2_unstemmed`).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from speccascade.tasks.base import Task
from speccascade.tasks.benchmark import Benchmark, string
from speccascade.tasks.metrics import Metric
from speccascade.tasks.rouge import Rouge

ROUGE_2, ROUGE_L = Rouge(kind="rouge2"), Rouge(kind="rougeL")
UNSTEMMED = (
    Rouge(kind="rouge2", stemmer=False),
    Rouge(kind="rougeL", stemmer=False),
)
SPLITS = {"train": "train", "validation": "validation", "test": "test"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Summarization(Benchmark):
    """Texts and their summaries.

    Attributes:
      few_shot_words: words that a few-shot prompt keeps of each text.
      words: words that are kept of a text, on one line; None: it stays as it is.
    """

    prompt_form: str = "summarize: {source}"
    cuts_prompts: bool = True
    shots: int = 5
    few_shot_words: int
    words: int | None = None
    SHOT_FORM: ClassVar[str] = "Article: {source}\nSummary: {written}\n\n"

    def in_form(self, form: str) -> Task:
        if form != "few_shot":
            return super().in_form(form)
        cut = dataclasses.replace(self, words=self.few_shot_words)
        return super(Summarization, cut).in_form(form)

    def recipe(self, split: str) -> dict[str, object]:
        return super().recipe(split) | {"words": self.words}

    def shown(self, text: str, summary: str) -> tuple[str, str]:
        """A text and its summary as the form has them."""
        if self.words is None:
            return text, summary
        return " ".join(text.split()[: self.words]), " ".join(summary.split())


@dataclasses.dataclass(frozen=True, kw_only=True)
class XSum(Summarization):
    """BBC articles in one sentence, Narayan et al. (2018): a task of the paper for T5.

    Data: TFDS `xsum`, or local files `xsum/{train,validation,test}*.jsonl` (id,
    document, summary), one a split. 204,000 training, 11,300 validation and as many
    test articles. Licence: research only; the articles are the BBC's.

    The paper's figures are over the whole validation split (11,305 articles), 1,024
    tokens in and 64 out; ROUGE-2 is the headline. It has no few-shot form; ours takes
    that of CNN/DailyMail with 200 words of each article.
    """

    name: str = "xsum"
    max_prompt_tokens: int = 1024
    max_new_tokens: int = 64
    buckets: tuple[int, ...] = (256, 512, 1024)
    few_shot_buckets: tuple[int, ...] = (1536, 2048)
    few_shot_words: int = 200
    metrics: tuple[Metric, ...] = (ROUGE_2, ROUGE_L, *UNSTEMMED)
    paper_split: ClassVar[str] = "validation"
    FILES: ClassVar[Mapping[str, str]] = {
        split: f"xsum/{split}*.jsonl*" for split in SPLITS
    }
    TFDS: ClassVar[str] = "xsum"
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = SPLITS

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str]:
        document, summary = string(fields, "document"), string(fields, "summary")
        text, written = self.shown(document, summary)
        return text, summary, written


@dataclasses.dataclass(frozen=True, kw_only=True)
class CnnDailymail(Summarization):
    """News articles and their highlights, See et al. (2017): the paper's, T5 and Gemma.

    Data: TFDS `cnn_dailymail`, or local files
    `cnn_dailymail/{train,validation,test}*.jsonl` (article, highlights), one a split.
    287,113 training, 13,368 validation and 11,490 test articles, about 780 words each.
    Licence: Apache-2.0 for the collection; the articles are their publishers'.

    A reference is the highlights, one a line. Fine-tuned: 2,048 tokens in and 128 out,
    ROUGE-2 the headline, over the whole validation split. Few-shot: 5 examples, 128
    tokens, ROUGE-L the headline, 1,000 articles; 400 words of each article are about
    3,600 tokens of Gemma, which even its layers of 4,096 tokens see whole.
    """

    name: str = "cnn_dailymail"
    max_prompt_tokens: int = 2048
    max_new_tokens: int = 128
    buckets: tuple[int, ...] = (512, 1024, 2048)
    few_shot_buckets: tuple[int, ...] = (3072, 4096)
    few_shot_words: int = 400
    metrics: tuple[Metric, ...] = (
        ROUGE_2,
        ROUGE_L,
        Rouge(kind="rougeLsum"),
        *UNSTEMMED,
    )
    paper_split: ClassVar[str] = "validation"
    FILES: ClassVar[Mapping[str, str]] = {
        split: f"cnn_dailymail/{split}*.jsonl*" for split in SPLITS
    }
    TFDS: ClassVar[str] = "cnn_dailymail"
    TFDS_SPLITS: ClassVar[Mapping[str, str]] = SPLITS

    def in_form(self, form: str) -> Task:
        asked = super().in_form(form)
        if form != "few_shot":
            return asked
        others = tuple(metric for metric in self.metrics if metric != ROUGE_L)
        return dataclasses.replace(asked, metrics=(ROUGE_L, *others))

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str]:
        article, highlights = string(fields, "article"), string(fields, "highlights")
        text, written = self.shown(article, highlights)
        return text, highlights, written


@dataclasses.dataclass(frozen=True, kw_only=True)
class SciTldr(Summarization):
    """Abstracts of papers in one sentence, Cachola et al. (2020), SciTLDR-A.

    Data: local files `scitldr/{train,dev,test}.jsonl` of github.com/allenai/scitldr
    (source: the abstract's sentences; target: summaries). 1,992 training abstracts with
    their authors' summary, 619 validation and 618 test abstracts with others beside
    it. Licence: Apache-2.0.

    A reference is all the summaries, one a line; a prediction is scored against that
    with the highest ROUGE-1, as in the authors' script, and ROUGE-1 is the headline.
    Worked examples and training show the authors' own. The paper does not have this
    task: 512 tokens in and 64 out, and few-shot "Abstract:" and "TLDR:" of at most 250
    words.
    """

    name: str = "scitldr"
    max_prompt_tokens: int = 512
    max_new_tokens: int = 64
    buckets: tuple[int, ...] = (256, 512)
    few_shot_buckets: tuple[int, ...] = (1536, 2048)
    few_shot_words: int = 250
    metrics: tuple[Metric, ...] = tuple(
        Rouge(kind=kind, several=True) for kind in ("rouge1", "rouge2", "rougeL")
    )
    SHOT_FORM: ClassVar[str] = "Abstract: {source}\nTLDR: {written}\n\n"
    FILES: ClassVar[Mapping[str, str]] = {
        "train": "scitldr/train.jsonl*",
        "validation": "scitldr/dev.jsonl*",
        "test": "scitldr/test.jsonl*",
    }

    def read(self, fields: Mapping[str, Any]) -> tuple[str, str, str]:
        sentences, targets = fields["source"], fields["target"]
        if not (isinstance(sentences, list) and isinstance(targets, list) and targets):
            raise ValueError("source and target must be lists, target with a summary")
        summaries = [" ".join(target.split()) for target in targets]
        text, written = self.shown(" ".join(sentences), summaries[0])
        return text, "\n".join(summaries), written
