"""Our tasks as `seqio.Task` objects. The only module that imports seqio.

seqio's registry is global and filled by importing; ours is neither: a task is built
when asked for, and registered nowhere. Importing seqio imports TensorFlow, which takes
about four seconds and 860 MB, so nothing imports this module before it is needed.
"""

import contextlib
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speccascade.quiet import standard_error_dropped

# TensorFlow reads this once, when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# JAX owns the accelerators: TensorFlow, which only tokenises, would take all memory of
# a GPU for itself. Once TensorFlow has started it refuses; then its user has decided.
# What it says of devices that it does not find would be a newcomer's first screen.
with standard_error_dropped(), warnings.catch_warnings():
    # Their deprecations are not ours to mend, and the tests turn warnings into errors.
    warnings.simplefilter("ignore")
    import seqio
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):
        for _kind in ("GPU", "TPU"):
            tf.config.set_visible_devices([], _kind)

import numpy as np

from speccascade.checkpoints import SentencePieceVocabulary, Vocabulary
from speccascade.files import replace
from speccascade.tasks.metrics import metric_fn

if TYPE_CHECKING:
    from speccascade.tasks.base import Task

SPLITS = ("train", "validation", "test")


class PlainVocabulary(seqio.Vocabulary):
    """A vocabulary of ours, whatever it is, for seqio: Python tokenises its texts.

    As seqio wants it, encoding adds nothing. Ids without a piece are skipped, where
    seqio's own vocabularies take the unknown piece for them.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.ours = vocabulary

    def __eq__(self, other: object) -> bool:
        """Equal vocabularies, which seqio wants in tasks of one mixture."""
        return (
            isinstance(other, PlainVocabulary) and self.ours.sha256 == other.ours.sha256
        )

    @property
    def bos_id(self) -> int:
        return self.ours.bos_id

    @property
    def eos_id(self) -> int:
        return self.ours.eos_id

    @property
    def unk_id(self) -> None:
        return None

    @property
    def pad_id(self) -> int:
        return self.ours.pad_id

    @property
    def _base_vocab_size(self) -> int:
        return self.ours.size

    def _encode(self, s: str) -> list[int]:
        return self.ours.encode_alone(s)

    def _decode(self, ids: Sequence[int]) -> str:
        return self.ours.decode(ids)

    def _encode_tf(self, s: tf.Tensor) -> tf.Tensor:
        """int32[T] of a string."""

        def encoded(text: tf.Tensor) -> tf.Tensor:
            return tf.constant(self._encode(tf.compat.as_str(text.numpy())), tf.int32)

        ids = tf.py_function(encoded, [s], tf.int32)
        return tf.ensure_shape(ids, [None])

    def _decode_tf(self, ids: tf.Tensor) -> tf.Tensor:
        """Strings of int32[..., T], the last axis gone."""

        def decoded(tokens: tf.Tensor) -> tf.Tensor:
            rows = tf.reshape(tokens, [-1, tokens.shape[-1]]).numpy().tolist()
            return tf.reshape(list(map(self._decode, rows)), tokens.shape[:-1])

        return tf.py_function(decoded, [ids], tf.string)


def build(task: "Task", vocabulary: Vocabulary) -> seqio.Task:
    """A new `seqio.Task` with our texts, vocabulary and metrics.

    Its examples have `inputs` and `targets` (int32, untruncated, EOS appended but to
    open prompts), both as text under `*_pretokenized`, `id` (int64) and `reference`,
    what an answer is scored against: metrics get it and the answer after `answer`.
    Reading the training split raises UserError where its data are missing.

    Args:
      task: ours.
      vocabulary: any; that of seqio for one of SentencePiece.
    """
    theirs = seqio_vocabulary(vocabulary)
    prompt = seqio.Feature(theirs, add_eos=not task.open_prompt)
    answer = seqio.Feature(theirs, add_eos=True)

    def texts(
        split: str, shuffle_files: bool = False, seed: int | None = None
    ) -> tf.data.Dataset:
        del shuffle_files, seed  # seqio passes them; there are no files to shuffle
        found = task.texts(split)
        columns: Any = {  # TensorFlow's annotation forgets dictionaries
            "id": tf.constant([text.id for text in found], tf.int64),
            "inputs": tf.constant([task.prompt(text.source) for text in found]),
            "targets": tf.constant([text.written for text in found]),
            "reference": tf.constant([text.reference for text in found]),
        }
        return tf.data.Dataset.from_tensor_slices(columns)

    def scored(text: str, *, example: dict[str, Any], is_target: bool) -> str:
        """What metrics compare: the reference, and the answer as records hold it."""
        return example["reference"].decode() if is_target else task.answer(text)

    return seqio.Task(
        task.name,
        source=seqio.FunctionDataSource(texts, splits=SPLITS),
        output_features={"inputs": prompt, "targets": answer},
        preprocessors=[seqio.preprocessors.tokenize, seqio.preprocessors.append_eos],
        postprocess_fn=scored,
        metric_fns=[metric_fn(metric) for metric in task.metrics],
    )


def seqio_vocabulary(vocabulary: Vocabulary) -> seqio.Vocabulary:
    """A vocabulary as seqio has it: its own where it reads the model."""
    if not isinstance(vocabulary, SentencePieceVocabulary):
        return PlainVocabulary(vocabulary)
    # seqio reads a file, when it needs it.
    path = Path(tempfile.gettempdir()) / f"speccascade-{vocabulary.sha256}.model"
    if not path.exists():
        replace(path, vocabulary.model)
    return seqio.SentencePieceVocabulary(str(path), extra_ids=0)


def is_vocabulary(theirs: seqio.Vocabulary, vocabulary: Vocabulary) -> bool:
    """Whether a vocabulary of seqio's is ours.

    seqio itself takes one SentencePiece model in two files for two vocabularies.
    """
    ours = seqio_vocabulary(vocabulary)
    models = [getattr(one, "sp_model", None) for one in (theirs, ours)]
    return theirs == ours or (models[0] is not None and models[0] == models[1])


def prompt_tokens(task: seqio.Task, split: str) -> list[list[int]]:
    """Prompt ids of a whole split, in the order of its texts."""
    dataset = task.get_dataset(split=split, shuffle=False, trim_output_features=False)
    return [example["inputs"].tolist() for example in dataset.as_numpy_iterator()]


def prepared_rows(name: str, split: str, folder: str) -> Iterator[dict[str, Any]]:
    """The rows of a data set that TFDS has prepared, in its order; bytes become text.

    Args:
      name: of the data set, as `wmt14_translate/de-en:1.0.0`.
      split: there.
      folder: that TFDS prepared it in.
    """
    source = seqio.TfdsDataSource(
        tfds_name=name, tfds_data_dir=folder, splits={split: split}
    )
    for row in source.get_dataset(split, shuffle=False).as_numpy_iterator():
        yield _as_text(row)


def _as_text(value: Any) -> Any:
    """Bytes as text, arrays as lists, however deep."""
    if isinstance(value, dict):
        return {name: _as_text(one) for name, one in value.items()}
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (list, np.ndarray)):
        return [_as_text(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value
