"""What a task is: texts, how they become prompts, and how answers are scored.

A task of ours is a small frozen description. From it come

- `examples`: the evaluation data, tokenised by seqio and cached, so that only the first
  start imports TensorFlow;
- `training_pairs`: token ids to train on, where the task has training data;
- `seqio_task`: the same as a real `seqio.Task`, for whoever works with seqio.
"""

import abc
import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.errors import UserError
from speccascade.tasks.cache import Encoded, TokenCache
from speccascade.tasks.metrics import Metric

if TYPE_CHECKING:
    import seqio

# Raised when predictions of the same model would be scored differently, though no
# field of the task and no metric's signature changed.
SCORING_VERSION = 1
EVALUATION_SPLITS = ("validation", "test")


class Text(NamedTuple):
    """An example before tokenisation; ids are stable and never reused.

    Attributes:
      id: names the example within its split.
      source: what the model is given, without the prompt around it.
      reference: what its answer is scored against.
      solution: what a model learns to write, where that is not the reference itself:
        the steps before a number, the program that tests are about.
    """

    id: int
    source: str
    reference: str
    solution: str | None = None

    @property
    def written(self) -> str:
        """The answer as worked examples and training show it."""
        return self.reference if self.solution is None else self.solution


@dataclasses.dataclass(frozen=True, kw_only=True)
class Example:
    """One evaluation example.

    Attributes:
      id: stable within the task and split; keys the random numbers of its decoding.
      source: the text to work on, without the prompt around it.
      reference: the answer that predictions are scored against.
      tokens: prompt ids, EOS included.
      sha256: of source and reference; a record of another text is not reused.
    """

    id: int
    source: str
    reference: str
    tokens: tuple[int, ...]
    sha256: str


def example_sha256(source: str, reference: str) -> str:
    """SHA-256 of an example's text; NUL keeps its two halves apart."""
    return hashlib.sha256(f"{source}\0{reference}".encode()).hexdigest()


def before(text: str, stops: Sequence[str]) -> str:
    """What stands in a text before the first of the stops."""
    places = [text.find(stop) for stop in stops]
    return text[: min([place for place in places if place >= 0], default=None)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task(abc.ABC):
    """A set of texts with a prompt form, limits and metrics.

    Attributes:
      name: names the task in run directories and the command line.
      prompt_form: the prompt, with `{source}` where the example's text goes.
      max_prompt_tokens: longest prompt, EOS included; a longer one is an error.
      max_new_tokens: longest answer, EOS included.
      buckets: prompt lengths, ascending, that prompts are padded to.
      metrics: what predictions are scored with; the first is the headline.
      open_prompt: whether the model goes on with the prompt, as a base model does with
        worked examples before it, instead of answering after its end token.
      chat: whether the prompt is a user's turn, and the answer the model's turn, as the
        checkpoint's chat template writes them.
      stop: an answer ends where any of these texts begins, and with the end token.
      cuts_prompts: whether a prompt that is too long is cut, its end token kept, as
        the T5 code does; otherwise it is an error.
      paper_split: the split that the paper reports the task on.
    """

    name: str
    prompt_form: str = "{source}"
    max_prompt_tokens: int = 80
    max_new_tokens: int = 80
    buckets: tuple[int, ...] = (40, 80)
    metrics: tuple[Metric, ...]
    open_prompt: bool = False
    chat: bool = False
    stop: tuple[str, ...] = ()
    cuts_prompts: bool = False
    paper_split: ClassVar[str] = "test"

    def __post_init__(self) -> None:
        if "{source}" not in self.prompt_form:
            raise UserError(
                f"prompt_form {self.prompt_form!r} of task {self.name!r} lacks "
                "{source}, the place of the example's text."
            )
        if list(self.buckets) != sorted(set(self.buckets)):
            raise UserError(f"The buckets {self.buckets} must ascend.")
        if not self.buckets or self.buckets[-1] < self.max_prompt_tokens:
            raise UserError(
                f"The largest of the buckets {self.buckets} must hold prompts of "
                f"max_prompt_tokens = {self.max_prompt_tokens}."
            )

    @property
    @abc.abstractmethod
    def source(self) -> str:
        """Names the texts in the recipe; changes when other texts take their ids."""

    @abc.abstractmethod
    def evaluation_file(self, split: str) -> Path:
        """The file behind an evaluation split; its hash keys the cache."""

    def files_beside(self, split: str) -> tuple[Path, ...]:
        """Other files that the texts of an evaluation split come from."""
        del split
        return ()

    @abc.abstractmethod
    def texts(self, split: str) -> list[Text]:
        """The texts of a split, in the order of their ids."""

    def in_form(self, form: str) -> "Task":
        """The task as a pair's models are asked it.

        `fine_tuned` is the task itself, and `chat` the prompt of `few_shot` as a user's
        turn. A task that has that form makes it here, and leaves the others to this.

        Raises:
          UserError: the task has no such form.
        """
        if form == "fine_tuned":
            return self
        if form == "chat":
            return dataclasses.replace(self.in_form("few_shot"), chat=True)
        raise UserError(
            f"Task {self.name!r} has no form 'few_shot', and so no 'chat'; it is for "
            "models that were trained on it (pair.form=fine_tuned)."
        )

    def worked_example(self, text: Text) -> str:
        """One example with its answer, as few-shot prompts have it.

        Raises:
          UserError: the task has no few-shot form.
        """
        raise UserError(f"Task {self.name!r} has no worked examples.")

    def answer(self, text: str) -> str:
        """A model's text as it is scored: before any stop, without spaces around it."""
        return before(self.begun(text), self.stop).strip() if self.stop else text

    def begun(self, text: str) -> str:
        """A model's text without the last words of an open prompt ("German:"), which
        some models say again before they answer."""
        if not (self.open_prompt and self.prompt_end):
            return text
        said = text.lstrip()
        begins = said.startswith(self.prompt_end)
        return said.removeprefix(self.prompt_end) if begins else text

    @property
    def prompt_end(self) -> str:
        """What an open prompt says last, after the example's text."""
        return self.prompt_form.rpartition("{source}")[2].strip()

    def encode_prompt(self, vocabulary: Vocabulary, source: str) -> list[int]:
        """Token ids of one example's prompt.

        Raises:
          UserError: it is a turn in a chat, and the vocabulary comes with no template.
        """
        if self.chat:
            return vocabulary.encode_chat(self.prompt(source))
        encode = vocabulary.encode_open if self.open_prompt else vocabulary.encode
        return encode(self.prompt(source))

    def decode_answer(self, vocabulary: Vocabulary, ids: Sequence[int]) -> str:
        """A model's ids as the text that is scored."""
        decode = vocabulary.decode_chat if self.chat else vocabulary.decode
        return self.answer(decode(ids))

    def prompt(self, source: str) -> str:
        """The prompt of one example, before tokenisation."""
        return self.prompt_form.replace("{source}", source)

    def recipe(self, split: str) -> dict[str, object]:
        """What makes results incomparable, for the run key; plain JSON values.

        The versions of the metric libraries are left out: an upgrade that changes no
        score should not orphan results.
        """
        self.check_split(split)
        # Tasks without them keep the keys that they had before there were any.
        later = {
            "open_prompt": self.open_prompt,
            "prompt_end_removed": self.prompt_end if self.open_prompt else "",
            "chat": self.chat,
            "stop": list(self.stop),
            "cuts_prompts": self.cuts_prompts,
        }
        return {name: value for name, value in later.items() if value} | {
            "task": self.name,
            "source": self.source,
            "split": split,
            "prompt_form": self.prompt_form,
            "max_prompt_tokens": self.max_prompt_tokens,
            "max_new_tokens": self.max_new_tokens,
            "buckets": list(self.buckets),
            "metrics": {
                metric.name: metric.signature.partition("|version:")[0]
                for metric in self.metrics
            },
            "scoring_version": SCORING_VERSION,
        }

    def examples(
        self, split: str, vocabulary: Vocabulary, cache_dir: str | Path
    ) -> list[Example]:
        """The examples of an evaluation split, in the order of their ids.

        The first call for a vocabulary tokenises with seqio, which imports TensorFlow
        and takes seconds; later ones, in any process, read the cache.

        Args:
          split: `validation` or `test`.
          vocabulary: the pair's.
          cache_dir: folder of the token cache, made if missing.

        Raises:
          UserError: no such split, the folder cannot be written to, there is no chat
            template where one is needed, or a prompt exceeds `max_prompt_tokens`; the
            message names the example.
        """
        self.check_split(split)
        recipe = self.recipe(split)
        if self.chat:
            recipe["chat_template_sha256"] = vocabulary.chat_template.sha256
        cache = TokenCache(
            folder=Path(cache_dir),
            name=f"{self.name}.{split}",
            source=self.evaluation_file(split),
            beside=self.files_beside(split),
            vocabulary_sha256=vocabulary.sha256,
            recipe=recipe,
        )
        encoded = cache.read()
        if encoded is None:
            encoded = self._encode(split, vocabulary)
            cache.write(encoded)
        return [self._example(*one) for one in encoded]

    def fitted(self, number: int, tokens: Sequence[int]) -> tuple[int, ...]:
        """The prompt of example `number`, cut where the task cuts prompts.

        Raises:
          UserError: it exceeds `max_prompt_tokens`, and the task does not.
        """
        limit = self.max_prompt_tokens
        if len(tokens) <= limit:
            return tuple(tokens)
        if self.cuts_prompts:
            return (*tokens[: limit - 1], tokens[-1])
        raise UserError(
            f"The prompt of example {number} of task {self.name!r} has {len(tokens)} "
            f"tokens, more than max_prompt_tokens = {limit}: raise the limit or leave "
            "the example out."
        )

    def training_pairs(
        self, vocabulary: Vocabulary, split: str = "train"
    ) -> list[tuple[list[int], list[int]]]:
        """(prompt ids, answer ids) of a split to learn from, both ended by EOS.

        No length limit is applied: what is too long for a batch is the trainer's to
        leave out. TensorFlow is not imported.

        Raises:
          UserError: the training data are not on this machine.
        """
        return [
            (
                self.encode_prompt(vocabulary, text.source),
                vocabulary.encode(text.written),
            )
            for text in self.texts(split)
        ]

    def corpus_scores(
        self, split: str
    ) -> Callable[[Mapping[int, str]], dict[str, float]] | None:
        """Scores that are no sums over examples, from what each id's answer was scored
        as; None where the task has none, as all but those of seqio's registry."""
        del split
        return None

    def seqio_task(self, vocabulary: Vocabulary) -> "seqio.Task":
        """This task as a new `seqio.Task`, in no registry; imports TensorFlow.

        Raises:
          UserError: it asks in a chat.
        """
        self.check_seqio()
        from speccascade.tasks import seqio_task

        return seqio_task.build(self, vocabulary)

    def check_seqio(self) -> None:
        """Accepts forms whose prompts seqio can tokenise.

        Raises:
          UserError: the task asks in a chat.
        """
        if self.chat:
            raise UserError(
                f"Task {self.name!r} asks in a chat, whose special tokens seqio would "
                "take for text: set pair.form=few_shot."
            )

    def check_split(self, split: str) -> None:
        """Accepts the evaluation splits.

        Raises:
          UserError: another one; the message lists those that there are.
        """
        if split not in EVALUATION_SPLITS:
            raise UserError(
                f"Task {self.name!r} has no evaluation split {split!r}; it has "
                f"{' and '.join(EVALUATION_SPLITS)}."
            )

    def _encode(self, split: str, vocabulary: Vocabulary) -> list[Encoded]:
        texts = self.texts(split)
        if self.chat:
            tokens = [self.encode_prompt(vocabulary, text.source) for text in texts]
        else:
            tokens = self._encode_in_seqio(split, vocabulary)
        return [
            Encoded(text.id, text.source, text.reference, ids)
            for text, ids in zip(texts, tokens, strict=True)
        ]

    def _encode_in_seqio(self, split: str, vocabulary: Vocabulary) -> list[list[int]]:
        from speccascade.tasks import seqio_task

        tokens = seqio_task.prompt_tokens(self.seqio_task(vocabulary), split)
        # seqio appends, but puts nothing first.
        begin = vocabulary.encode("")[:-1]
        if self.open_prompt:
            begin = vocabulary.encode_open("")
        return [[*begin, *ids] for ids in tokens]

    def _example(
        self, number: int, source: str, reference: str, tokens: Sequence[int]
    ) -> Example:
        return Example(
            id=number,
            source=source,
            reference=reference,
            tokens=self.fitted(number, tokens),
            sha256=example_sha256(source, reference),
        )
