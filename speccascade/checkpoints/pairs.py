"""A drafter and a target with one vocabulary, read from the files of a pair."""

import importlib.resources
from dataclasses import dataclass
from pathlib import Path

import jax
from jaxtyping import Array, Bool

from speccascade.checkpoints import safetensors_io
from speccascade.checkpoints.hashes import file_sha256
from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.errors import UserError
from speccascade.models import (
    GemmaConfig,
    Model,
    Params,
    T5Config,
    model_of,
)

PACKAGE_PREFIX = "package:"


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One model of a pair.

    Attributes:
      config: its shape.
      weights: path of its safetensors file; see `resolve`.
    """

    config: T5Config | GemmaConfig
    weights: str


@dataclass(frozen=True, kw_only=True)
class PairSpec:
    """What a file of `configs/pair` gives.

    Attributes:
      name: of the pair; a folder of the results root has it too.
      drafter: the small model.
      target: the large model.
      vocabulary: path of the SentencePiece model that both use; see `resolve`.
    """

    name: str
    drafter: ModelSpec
    target: ModelSpec
    vocabulary: str


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


def resolve(path: str) -> Path:
    """The file that `path` means: `package:NAME` is NAME inside `speccascade/data`."""
    if path.startswith(PACKAGE_PREFIX):
        data = importlib.resources.files("speccascade") / "data"
        # Installed packages are plain folders: JAX does not run from a zip archive.
        return Path(str(data)) / path.removeprefix(PACKAGE_PREFIX)
    return Path(path).expanduser()


def load_pair(spec: PairSpec) -> LoadedPair:
    """Reads both models and their vocabulary, and checks that they fit together.

    Args:
      spec: the pair.

    Raises:
      UserError: a file is missing or damaged, weights do not have the shapes of their
        configuration, the two models have different vocabularies, or the vocabulary has
        more pieces than the models have logits.
    """
    widths = spec.drafter.config.vocab_size, spec.target.config.vocab_size
    if widths[0] != widths[1]:
        raise UserError(
            f"The drafter and the target of pair {spec.name} must share one "
            f"vocabulary, but their vocab_size is {widths[0]} and {widths[1]}."
        )
    vocabulary = Vocabulary(resolve(spec.vocabulary))
    if vocabulary.size > widths[0]:
        raise UserError(
            f"The vocabulary {vocabulary.path} has {vocabulary.size} pieces, more than "
            f"the {widths[0]} logits of pair {spec.name}; name the vocabulary that its "
            "models were trained with."
        )
    drafter, drafter_params = _load_model(spec.drafter, vocabulary)
    target, target_params = _load_model(spec.target, vocabulary)
    mask = vocabulary.mask(widths[0])
    masked = {} if mask is None else {"allowed_ids": str(vocabulary.size)}
    return LoadedPair(
        name=spec.name,
        drafter=drafter,
        target=target,
        drafter_params=drafter_params,
        target_params=target_params,
        vocabulary=vocabulary,
        mask=mask,
        identity={
            "drafter_sha256": file_sha256(resolve(spec.drafter.weights)),
            "drafter_dtype": spec.drafter.config.dtype,
            "target_sha256": file_sha256(resolve(spec.target.weights)),
            "target_dtype": spec.target.config.dtype,
            "vocabulary_sha256": vocabulary.sha256,
        }
        | masked,
    )


def _load_model(spec: ModelSpec, vocabulary: Vocabulary) -> tuple[Model, Params]:
    model, path = model_of(spec.config), resolve(spec.weights)
    params = safetensors_io.load(path, jax.eval_shape(model.init, jax.random.key(0)))
    # `speccascade train` writes it; weights from elsewhere may not say.
    trained_with = safetensors_io.read_metadata(path).get("vocabulary_sha256")
    if trained_with not in (None, vocabulary.sha256):
        raise UserError(
            f"The weights {path} were trained with another vocabulary than "
            f"{vocabulary.path}; name the one that belongs to them."
        )
    return model, model.for_decoding(params)
