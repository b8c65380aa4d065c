"""Folders in the form of Hugging Face: config.json, safetensors, a vocabulary.

    config.json                        `model_type` says which family it is
    model.safetensors                  all tensors, or
    model.safetensors.index.json       {"weight_map": {tensor: file}} and the files
    spiece.model, tokenizer.json, ...  see `checkpoints.huggingface_vocabulary`

Neither torch nor transformers is needed. A family is a line in `FAMILIES`: a function
from config.json and the shapes that the files hold to a `Plan`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from speccascade.checkpoints import transformers_decoders, transformers_t5
from speccascade.checkpoints.assembly import Plan, assemble_model
from speccascade.checkpoints.checkpoint import Checkpoint
from speccascade.checkpoints.hashes import folder_sha256
from speccascade.checkpoints.huggingface_vocabulary import vocabulary_of
from speccascade.checkpoints.json_file import read_json
from speccascade.checkpoints.safetensors_io import SafetensorsFiles
from speccascade.errors import UserError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"

# (config.json, shapes by tensor, path for messages, dtype, overrides) -> Plan
Family = Callable[
    [Mapping[str, Any], Mapping[str, tuple[int, ...]], str, str, Mapping[str, object]],
    Plan,
]

FAMILIES: dict[str, Family] = {
    "gemma": transformers_decoders.plan,
    "gemma2": transformers_decoders.plan,
    "gemma3": transformers_decoders.plan,
    "gemma3_text": transformers_decoders.plan,
    "llama": transformers_decoders.plan,
    "mistral": transformers_decoders.plan,
    "mt5": transformers_t5.plan,
    "qwen2": transformers_decoders.plan,
    "t5": transformers_t5.plan,
    "umt5": transformers_t5.plan,
}


def read(path: str, dtype: str, overrides: Mapping[str, object]) -> Checkpoint:
    """Reads a folder; `checkpoints.load` calls it for `hf:PATH`.

    Args:
      path: of the folder.
      dtype: in which the model computes.
      overrides: fields of our configuration that are given instead of read.

    Raises:
      UserError: a file is missing or damaged, or the model is none that we have.
    """
    folder = Path(path).expanduser()
    config = read_json(folder / CONFIG)
    kind = config.get("model_type")
    if kind not in FAMILIES:
        raise UserError(
            f"{folder / CONFIG} has model_type {kind!r}; known are "
            f"{', '.join(FAMILIES)}."
        )
    weights = _weights(folder)
    source = SafetensorsFiles(weights)
    found = FAMILIES[kind](config, source.shapes(), str(folder), dtype, overrides)
    return Checkpoint(
        model=found.model,
        params=assemble_model(source, found, str(folder)),
        sha256=folder_sha256(folder, [folder / CONFIG, *weights]),
        read_vocabulary=lambda: vocabulary_of(folder),
    )


def _weights(folder: Path) -> list[Path]:
    """The files that hold the tensors."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        others = sorted(path.name for path in folder.glob("*.bin"))
        hint = f" ({', '.join(others)} must be saved as safetensors first)"
        raise UserError(
            f"{folder} holds neither {WEIGHTS} nor {INDEX}{hint if others else ''}."
        )
    weight_map = read_json(folder / INDEX).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise UserError(f"{folder / INDEX} has no weight_map.")
    return [folder / name for name in sorted(set(weight_map.values()))]
