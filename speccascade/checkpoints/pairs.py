"""A drafter and a target with one vocabulary, read from the files of a pair."""

import json
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Bool

from speccascade.checkpoints import safetensors_io
from speccascade.checkpoints.hashes import file_sha256
from speccascade.checkpoints.loading import load
from speccascade.checkpoints.paths import resolve
from speccascade.checkpoints.sentencepiece_vocabulary import SentencePieceVocabulary
from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.errors import UserError, require
from speccascade.models import (
    GemmaConfig,
    Model,
    Padded,
    Params,
    PromptLookup,
    T5Config,
    model_of,
)

FORMS = ("fine_tuned", "few_shot", "chat")


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """A model whose shape is written down.

    Attributes:
      config: its shape.
      weights: path of its safetensors file; see `paths.resolve`.
    """

    config: T5Config | GemmaConfig
    weights: str

    def load(self) -> "Part":
        """Reads the weights.

        Raises:
          UserError: the file is not that model's.
        """
        model, path = model_of(self.config), resolve(self.weights)
        shapes = jax.eval_shape(model.init, jax.random.key(0))
        params = safetensors_io.load(path, shapes)
        return Part(
            model,
            model.for_decoding(params),
            {"sha256": file_sha256(path), "dtype": self.config.dtype},
            trained_with=safetensors_io.read_metadata(path).get("vocabulary_sha256"),
        )


@dataclass(frozen=True, kw_only=True)
class CheckpointSpec:
    """A model from a checkpoint of any kind, which says its own shape.

    Attributes:
      uri: see `loading.load`; `{task}` in it is the task's name (`PairSpec.for_task`).
      dtype: in which it computes, "float32" or "bfloat16".
      overrides: fields of its configuration in place of the checkpoint's: a mapping, or
        its sorted items, which it becomes.
    """

    uri: str
    dtype: str = "float32"
    overrides: Any = ()

    def __post_init__(self) -> None:
        items = tuple(sorted(dict(self.overrides).items()))
        object.__setattr__(self, "overrides", items)

    def load(self) -> "Part":
        """Reads the checkpoint.

        Raises:
          UserError: it cannot be read.
        """
        overrides = dict(self.overrides)
        found = load(self.uri, dtype=self.dtype, overrides=overrides)
        identity = {"sha256": found.sha256, "dtype": self.dtype}
        if overrides:
            identity["overrides"] = json.dumps(overrides, sort_keys=True)
        params = found.model.for_decoding(found.params)
        return Part(found.model, params, identity, found.vocabulary, found.trained_with)


@dataclass(frozen=True, kw_only=True)
class LookupSpec:
    """A drafter without weights: `models.PromptLookup`.

    Attributes:
      longest: tokens of the longest run that it seeks.
    """

    longest: int = 3

    def __post_init__(self) -> None:
        require(
            self.longest >= 1,
            f"pair.drafter.longest must be at least 1, not {self.longest}",
        )


class Part(NamedTuple):
    """One model of a pair, loaded.

    Attributes:
      model: its functions.
      params: held for decoding.
      identity: what it contributes to a run key.
      vocabulary: that its files bring, if any.
      trained_with: sha256 of its vocabulary, where its file says it. Ours do; weights
        from elsewhere may not.
    """

    model: Model
    params: Params
    identity: dict[str, str]
    vocabulary: Vocabulary | None = None
    trained_with: str | None = None


@dataclass(frozen=True, kw_only=True)
class PairSpec:
    """What a file of `configs/pair` gives.

    Attributes:
      name: of the pair; a folder of the results root has it too.
      drafter: the small model, or a prompt lookup.
      target: the large model.
      vocabulary: path of the SentencePiece model that both use (see `paths.resolve`);
        None takes the one that the target's checkpoint brings.
      form: in which a task asks: "fine_tuned" for models that were trained on it,
        "few_shot" for base models, with worked examples in the prompt, "chat" for
        models that answer turns: that prompt, through the target's chat template.
    """

    name: str
    drafter: ModelSpec | CheckpointSpec | LookupSpec
    target: ModelSpec | CheckpointSpec
    vocabulary: str | None = None
    form: str = "fine_tuned"

    def __post_init__(self) -> None:
        require(
            self.form in FORMS,
            f"pair.form must be one of {', '.join(FORMS)}, not {self.form!r}",
        )

    def for_task(self, task: str) -> "PairSpec":
        """The pair with the models that were fine-tuned on a task.

        `{task}` in the uri of a checkpoint is the task's name there.
        """
        models = {
            role: replace(model, uri=model.uri.replace("{task}", task))
            for role, model in (("drafter", self.drafter), ("target", self.target))
            if isinstance(model, CheckpointSpec)
        }
        return replace(self, **models)


@dataclass(frozen=True, kw_only=True)
class LoadedPair:
    """A pair that is ready to generate.

    Attributes:
      name: of the pair.
      drafter: the small model.
      target: the large model.
      drafter_params: its parameters, float32.
      target_params: likewise.
      vocabulary: of both.
      mask: bool[V], the hard mask of ids that have a piece; None where every id does.
      identity: what the pair contributes to a run key: sha256 of both weight files and
        of the vocabulary, the dtype in which each model computes, and the number of
        ids that may be written if it is not all of them.
    """

    name: str
    drafter: Model
    target: Model
    drafter_params: Params
    target_params: Params
    vocabulary: Vocabulary
    mask: Bool[Array, " V"] | None
    identity: dict[str, str]


def load_pair(spec: PairSpec) -> LoadedPair:
    """Reads both models and their vocabulary, and checks that they fit together.

    Args:
      spec: the pair.

    Raises:
      UserError: a file is missing or damaged, weights do not have the shapes of their
        configuration, the two models have different vocabularies, or the vocabulary has
        more pieces than the models have logits.
    """
    named = None
    if spec.vocabulary is not None:
        named = SentencePieceVocabulary(resolve(spec.vocabulary))
    target = spec.target.load()
    vocabulary = named or target.vocabulary
    if vocabulary is None:
        raise UserError(
            f"The target of pair {spec.name} brings no vocabulary: set pair.vocabulary."
        )
    if isinstance(spec.drafter, LookupSpec):
        longest = spec.drafter.longest
        lookup = PromptLookup(vocab_size=target.model.vocab_size, longest=longest)
        drafter = Part(lookup, {}, {"lookup": str(longest)})
    else:
        drafter = spec.drafter.load()
    for role, part in (("drafter", drafter), ("target", target)):
        _check_fits(spec.name, role, part, vocabulary)
    width = max(drafter.model.vocab_size, target.model.vocab_size)
    mask = vocabulary.mask(width)
    masked = {} if mask is None else {"allowed_ids": str(vocabulary.size)}
    return LoadedPair(
        name=spec.name,
        drafter=_widened(drafter.model, width),
        target=_widened(target.model, width),
        drafter_params=drafter.params,
        target_params=target.params,
        vocabulary=vocabulary,
        mask=mask,
        identity={
            f"{role}_{name}": value
            for role, part in (("drafter", drafter), ("target", target))
            for name, value in part.identity.items()
        }
        | {"vocabulary_sha256": vocabulary.sha256}
        | masked,
    )


def _widened(model: Model, width: int) -> Model:
    narrower = model.vocab_size < width
    return Padded(model=model, width=width) if narrower else model


def _check_fits(pair: str, role: str, part: Part, vocabulary: Vocabulary) -> None:
    """Raises UserError if the model has too few logits, or a vocabulary of its own.

    More logits than pieces are padding, and masked.
    """
    if vocabulary.size > part.model.vocab_size:
        raise UserError(
            f"The vocabulary {vocabulary.path} has {vocabulary.size} pieces, more than "
            f"the {part.model.vocab_size} logits of the {role} of pair {pair}; name "
            "the vocabulary that its models were trained with."
        )
    own = part.vocabulary
    if own is None:
        if part.trained_with not in (None, vocabulary.sha256):
            raise UserError(
                f"The {role} of pair {pair} was trained with another vocabulary than "
                f"{vocabulary.path}; name the one that belongs to it."
            )
    elif own.sha256 != vocabulary.sha256:
        difference = own.first_difference(vocabulary)
        if difference is not None:
            raise UserError(
                f"The {role} of pair {pair} has another vocabulary than "
                f"{vocabulary.path}: {difference}."
            )
