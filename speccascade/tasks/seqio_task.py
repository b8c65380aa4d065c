"""Our tasks as `seqio.Task` objects. The only module that imports seqio.

seqio's registry is global and filled by importing; ours is neither: a task is built
when asked for, and registered nowhere. Importing seqio imports TensorFlow, which takes
about four seconds and 860 MB, so nothing imports this module before it is needed.
"""

import contextlib
import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

# TensorFlow reads this once, when it is first imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with warnings.catch_warnings():
    # Their deprecations are not ours to mend, and the tests turn warnings into errors.
    warnings.simplefilter("ignore")
    import seqio
    import tensorflow as tf

from speccascade.files import replace
from speccascade.tasks.metrics import metric_fn

if TYPE_CHECKING:
    from speccascade.tasks.base import Task, Tokenizer

# JAX owns the accelerators: TensorFlow, which only tokenises, would take all memory of
# a GPU for itself. Once TensorFlow has started it refuses; then its user has decided.
with contextlib.suppress(RuntimeError):
    for _kind in ("GPU", "TPU"):
        tf.config.set_visible_devices([], _kind)

SPLITS = ("train", "validation", "test")


def build(task: "Task", tokenizer: "Tokenizer") -> seqio.Task:
    """A new `seqio.Task` with our texts, vocabulary and metrics.

    Its examples have `inputs` and `targets` (int32, untruncated, EOS appended but to
    open prompts), both as text under `*_pretokenized`, and `id` (int64). Reading the
    training split raises UserError where its data are missing.

    Args:
      task: ours.
      tokenizer: a SentencePiece model.
    """
    vocabulary = seqio.SentencePieceVocabulary(_file(tokenizer), extra_ids=0)
    prompt = seqio.Feature(vocabulary, add_eos=not task.open_prompt)
    answer = seqio.Feature(vocabulary, add_eos=True)

    def texts(
        split: str, shuffle_files: bool = False, seed: int | None = None
    ) -> tf.data.Dataset:
        del shuffle_files, seed  # seqio passes them; there are no files to shuffle
        numbers, sources, references = zip(*task.texts(split), strict=True)
        prompts = [task.prompt(source) for source in sources]
        columns: Any = {  # TensorFlow's annotation forgets dictionaries
            "id": tf.constant(numbers, tf.int64),
            "inputs": tf.constant(prompts),
            "targets": tf.constant(references),
        }
        return tf.data.Dataset.from_tensor_slices(columns)

    return seqio.Task(
        task.name,
        source=seqio.FunctionDataSource(texts, splits=SPLITS),
        output_features={"inputs": prompt, "targets": answer},
        preprocessors=[seqio.preprocessors.tokenize, seqio.preprocessors.append_eos],
        metric_fns=[metric_fn(metric) for metric in task.metrics],
    )


def _file(tokenizer: "Tokenizer") -> str:
    """The model as a file, which seqio reads when it needs it."""
    path = Path(tempfile.gettempdir()) / f"speccascade-{tokenizer.sha256}.model"
    if not path.exists():
        replace(path, tokenizer.model)
    return str(path)


def prompt_tokens(task: seqio.Task, split: str) -> list[list[int]]:
    """Prompt ids of a whole split, in the order of its texts."""
    dataset = task.get_dataset(split=split, shuffle=False, trim_output_features=False)
    return [example["inputs"].tolist() for example in dataset.as_numpy_iterator()]
