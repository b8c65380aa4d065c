"""A job with its models in memory: examples, programs, and the identity of its results.

Loading is remembered: the jobs of a sweep share the pair, its compiled programs and the
tokenised examples.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from speccascade.checkpoints.pairs import LoadedPair, PairSpec, load_pair
from speccascade.engine import (
    Execution,
    Generation,
    PairParams,
    Round,
    generate,
    generate_queued,
    watch,
)
from speccascade.engine.batch import RowRequest, make_batch, make_prompts, make_rows
from speccascade.engine.request import Rows
from speccascade.errors import UserError
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.spec import JobSpec
from speccascade.models.interface import Prompts
from speccascade.rules import RULES
from speccascade.store import Coordinates
from speccascade.tasks.base import Example, Task, example_sha256

Result = TypeVar("Result")

_load_pair = functools.lru_cache(maxsize=2)(load_pair)


@functools.lru_cache(maxsize=8)
def _load_examples(
    task: Task, split: str, pair: PairSpec, cache_dir: str
) -> tuple[Example, ...]:
    vocabulary = _load_pair(pair).vocabulary
    return tuple(task.examples(split, vocabulary, Path(cache_dir) / "tasks"))


def current_texts(spec: JobSpec) -> dict[int, str]:
    """The sha256 of every example of the job's split as its text is now, by id.

    Rows with another text do not count, rows of examples that this job does not ask
    for do: what a summary says must not depend on who asked last.
    """
    examples = _load_examples(spec.task, spec.split, spec.pair, spec.cache_dir)
    return {one.id: one.sha256 for one in examples}


@dataclasses.dataclass(frozen=True)
class LoadedJob:
    """What a job needs in order to decode."""

    spec: JobSpec
    pair: LoadedPair
    examples: tuple[Example, ...]

    @classmethod
    def of(cls, spec: JobSpec) -> "LoadedJob":
        """Loads the pair and the first `num_examples` examples, or all of them.

        Raises:
          UserError: the split holds fewer examples, or loading failed.
        """
        examples = _load_examples(spec.task, spec.split, spec.pair, spec.cache_dir)
        latency = spec.latency.num_examples
        asked = spec.num_examples or max(len(examples), latency)
        if len(examples) < asked:
            raise UserError(
                f"Split {spec.split!r} of task {spec.task.name!r} has {len(examples)} "
                f"examples, not {asked}; lower num_examples (for a sweep's "
                "validation data, validation_examples; for timings, "
                "latency.num_examples)."
            )
        return cls(spec, _load_pair(spec.pair), examples[:asked])

    @classmethod
    def of_example(cls, spec: JobSpec, number: int) -> "LoadedJob":
        """Loads the pair and the one example that has this id.

        Raises:
          UserError: the split has none, or loading failed.
        """
        examples = _load_examples(spec.task, spec.split, spec.pair, spec.cache_dir)
        found = tuple(one for one in examples if one.id == number)
        if not found:
            ids = [one.id for one in examples]
            raise UserError(
                f"Split {spec.split!r} of task {spec.task.name!r} has no example "
                f"{number}; its {len(ids)} ids run from {min(ids)} to {max(ids)}."
            )
        return cls(spec, _load_pair(spec.pair), found)

    @classmethod
    def of_prompt(cls, spec: JobSpec, text: str) -> "LoadedJob":
        """Loads the pair, with `text` in the task's prompt as the only example."""
        pair = _load_pair(spec.pair)
        tokens = spec.task.fitted(0, spec.task.encode_prompt(pair.vocabulary, text))
        example = Example(
            id=0,
            source=text,
            reference="",
            tokens=tokens,
            sha256=example_sha256(text, ""),
        )
        return cls(spec, pair, (example,))

    @classmethod
    def without_examples(cls, spec: JobSpec) -> "LoadedJob":
        """Loads the pair alone, to decode what comes from elsewhere."""
        return cls(spec, _load_pair(spec.pair), ())

    @property
    def coordinates(self) -> list[Coordinates]:
        """Every threshold with every seed, thresholds first."""
        sampling = dataclasses.asdict(self.spec.sampling)
        return [
            Coordinates(threshold=threshold, seed=seed, **sampling)
            for threshold in self.spec.method.thresholds
            for seed in self.spec.seeds
        ]

    @property
    def execution(self) -> Execution:
        """The program's static part."""
        return self.spec.method.execution(self.spec.truncates)

    @property
    def target_alone(self) -> "LoadedJob":
        """The target alone on the same examples, at the same sampling, unswept."""
        target = MethodSpec(name="target", kind="target")
        return dataclasses.replace(
            self, spec=dataclasses.replace(self.spec, method=target)
        )

    def bucket(self, example: Example) -> int:
        """The smallest of the task's prompt lengths that holds the example."""
        return min(b for b in self.spec.task.buckets if b >= len(example.tokens))

    def batch(
        self, examples: Sequence[Example], coordinates: Coordinates, batch_size: int
    ) -> tuple[Prompts, Rows]:
        """Examples of one bucket as the engine takes them, on the device."""
        requests = [self._request(example, coordinates) for example in examples]
        return make_batch(requests, self.bucket(examples[0]), batch_size)

    def decode(self, execution: Execution, batch: tuple[Prompts, Rows]) -> Generation:
        """Decodes one batch; the result's arrays are on the device."""
        return self._called(generate, execution, batch)

    def watch(self, batch: tuple[Prompts, Rows]) -> Iterator[Round]:
        """The rounds of a batch of one row, as `decode` plays them."""
        return self._called(watch, self.execution, batch)

    def _called(
        self,
        function: Callable[..., Result],
        execution: Execution,
        batch: tuple[Prompts, Rows],
    ) -> Result:
        pair = self.pair
        return function(
            execution,
            pair.drafter,
            pair.target,
            self._params,
            *batch,
            pair.mask,
            self._stops,
            max_new_tokens=self.spec.task.max_new_tokens,
            eos_id=pair.vocabulary.eos_id,
        )

    def decode_queue(
        self,
        examples: Sequence[Example],
        places: Sequence[Coordinates],
        slots: int,
        length: int,
    ) -> Generation:
        """Decodes examples of one bucket at several coordinates, in one program's run.

        Args:
          examples: at most `slots`.
          places: coordinates, each for all the examples.
          slots: rows that are decoded at a time.
          length: of the queue; at least len(examples) * len(places).

        Returns:
          Rows by place, then example; those beyond them are empty.
        """
        bucket, pair = self.bucket(examples[0]), self.pair
        prompts = make_prompts([one.tokens for one in examples], bucket, slots)
        requests = [self._request(one, place) for place in places for one in examples]
        of_prompt = np.zeros(length, np.int32)
        of_prompt[: len(requests)] = np.tile(np.arange(len(examples)), len(places))
        return generate_queued(
            self.execution,
            pair.drafter,
            pair.target,
            self._params,
            prompts,
            make_rows(requests, length),
            jnp.asarray(of_prompt),
            pair.mask,
            self._stops,
            max_new_tokens=self.spec.task.max_new_tokens,
            eos_id=pair.vocabulary.eos_id,
        )

    @functools.cached_property
    def _stops(self) -> Bool[Array, " V"] | None:
        """Ids that end an answer beside the end token.

        A stop that is written in several pieces ends none: what follows it is decoded
        up to the limit, and left out when the answer is scored.
        """
        task, vocabulary = self.spec.task, self.pair.vocabulary
        width = self.pair.target.vocab_size
        found = [vocabulary.containing(stop, width) for stop in task.stop]
        if task.chat:
            found.append(vocabulary.turn_ends(width))
        return functools.reduce(jnp.logical_or, found) if found else None

    @property
    def _params(self) -> PairParams:
        pair = self.pair
        return PairParams(drafter=pair.drafter_params, target=pair.target_params)

    def _request(self, example: Example, coordinates: Coordinates) -> RowRequest:
        threshold = coordinates.threshold
        swept = self.spec.method.sweeps != "alpha"
        return RowRequest(
            tokens=example.tokens,
            example=example.id,
            # A method without an alpha reads none.
            alpha=0.0 if threshold is None or swept else threshold,
            seed=coordinates.seed,
            **dataclasses.asdict(self.spec.sampling_at(coordinates)),
        )


def identity_of(spec: JobSpec) -> dict[str, object]:
    """What makes the job's results incomparable with others: the run key hashes it.

    Thresholds, sampling values, seeds and the number of examples stay out; they are
    coordinates of records.
    """
    method, rule = spec.method, spec.method.rule_object
    execution: dict[str, object] = {"kind": method.kind}
    fields = method.execution().fields
    execution |= {field: getattr(method, field) for field in fields}
    if method.sweeps != "alpha":
        execution["sweeps"] = method.sweeps
    if rule is not None:
        execution |= {"rule": rule.name, "rule_fields": dataclasses.asdict(rule)}
        if type(rule) is not type(RULES.get(rule.name)):
            # A rule of the user's own: nothing keeps two of them from one name.
            execution["rule_class"] = (
                f"{type(rule).__module__}.{type(rule).__qualname__}"
            )
    pair = _load_pair(spec.pair)
    models = dict(pair.identity)
    if spec.task.chat:
        models["chat_template_sha256"] = pair.vocabulary.chat_template.sha256
    return {
        "pair": models,
        "task": spec.task.recipe(spec.split),
        "execution": execution,
        "batch_size": spec.engine.batch_size,
    }


def host_counters(generation: Generation) -> list[dict[str, int | None]]:
    """The counters of each row as Python integers."""
    columns = {
        name: None if value is None else np.asarray(value).tolist()
        for name, value in vars(generation.counters).items()
    }
    return [
        {
            name: None if column is None else column[row]
            for name, column in columns.items()
        }
        for row in range(generation.lengths.shape[0])
    ]
