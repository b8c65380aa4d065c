"""Translation tasks. `EndeDocs`: English help pages and manuals into German."""

import dataclasses
from pathlib import Path

from speccascade.tasks.base import EVALUATION_SPLITS, Task, Text
from speccascade.tasks.corpus import corpus_file, read_corpus
from speccascade.tasks.metrics import Bleu, Chrf, Metric
from speccascade.tasks.shipped import shipped_file, shipped_rows


@dataclasses.dataclass(frozen=True, kw_only=True)
class EndeDocs(Task):
    """English to German on software documentation.

    Evaluation data ship with the project: sentences of the LibreOffice help (MPL-2.0,
    see `ende_docs.LICENSE.md` beside them) from pages that no training row comes from,
    near copies of training sentences left out. Their file order is shuffled once and
    for all, so the first n examples are a fair sample. The training split is the whole
    corpus, all origins, and must be rebuilt first (`speccascade.tasks.corpus`).

    The headline is BLEU with T5's tokenisation; chrF and WMT's `bleu_13a` go with it.

    Attributes:
      shots: worked examples before a few-shot prompt.
      few_shot_buckets: prompt lengths in that form.
    """

    name: str = "ende_docs"
    shots: int = 3
    few_shot_buckets: tuple[int, ...] = (192, 256, 384)
    metrics: tuple[Metric, ...] = (Bleu(), Chrf(), Bleu(tokenize="13a"))

    @property
    def source(self) -> str:
        return "ende_docs/libreoffice-help-7.4"

    def in_form(self, form: str) -> Task:
        """`few_shot`: worked examples, the last of the validation split, then one line.

        English: Click OK.
        German: Klicken Sie auf OK.

        English: {source}
        German:
        """
        if form != "few_shot":
            return super().in_form(form)
        texts = self.texts("validation")[-self.shots :] if self.shots else []
        shots = [self.worked_example(one) for one in texts]
        return dataclasses.replace(
            self,
            prompt_form="".join([*shots, "English: {source}\nGerman:"]),
            open_prompt=True,
            stop=("\n",),
            max_prompt_tokens=self.few_shot_buckets[-1],
            buckets=self.few_shot_buckets,
        )

    def worked_example(self, text: Text) -> str:
        return f"English: {text.source}\nGerman: {text.written}\n\n"

    def evaluation_file(self, split: str) -> Path:
        self.check_split(split)
        return shipped_file("ende_docs", split)

    def texts(self, split: str) -> list[Text]:
        if split == "train":
            return self._training_texts()
        rows = shipped_rows(self.evaluation_file(split))
        return [Text(row["id"], row["en"], row["de"]) for row in rows]

    def _training_texts(self) -> list[Text]:
        # Paragraphs that several pages include belong to one of them, and in another
        # rebuild perhaps to another, in training. What ships is never trained on.
        shipped = {
            text.source for name in EVALUATION_SPLITS for text in self.texts(name)
        }
        pairs = [
            (row.en, row.de)
            for row in read_corpus(corpus_file())
            if row.split == "train" and row.en not in shipped
        ]
        return [Text(number, *pair) for number, pair in enumerate(pairs)]
