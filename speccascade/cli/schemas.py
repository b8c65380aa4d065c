"""The fields and types of every configuration group, so that a typo fails at once.

Each YAML file of a group begins with `- /schema@_here_: NAME`, which puts the class
below under it; a key or a type that the class does not have is then refused while the
configuration is composed. `_target_` says what the group becomes. A user's own pair,
task, method or logger may leave the schema out and give a `_target_` of its own.
"""

import os
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf


@dataclass
class T5:
    _target_: str = "speccascade.models.t5.T5Config"
    vocab_size: int = MISSING
    emb_dim: int = MISSING
    num_heads: int = MISSING
    head_dim: int = MISSING
    mlp_dim: int = MISSING
    num_encoder_layers: int = MISSING
    num_decoder_layers: int = MISSING
    per_layer_bias: bool = False
    version: str = "1.1"
    dtype: str = "float32"


@dataclass
class Gemma:
    """A decoder alone; `speccascade.models.GemmaConfig` says what each field is."""

    _target_: str = "speccascade.models.gemma_config.GemmaConfig"
    vocab_size: int = MISSING
    emb_dim: int = MISSING
    num_layers: int = MISSING
    num_heads: int = MISSING
    num_kv_heads: int = MISSING
    head_dim: int = MISSING
    mlp_dim: int = MISSING
    query_scale: float | None = None
    rope_base: float = 10_000.0
    rope_scale: float = 1.0
    local_rope_base: float | None = None
    window: int | None = None
    global_every: int = 1
    activation: str = "gelu"
    norm_epsilon: float = 1e-6
    zero_centred_norms: bool = True
    post_norms: bool = False
    qk_norm: bool = False
    qkv_bias: bool = False
    attention_cap: float | None = None
    final_cap: float | None = None
    scaled_embedding: bool = True
    tied: bool = True
    dtype: str = "float32"


@dataclass
class Model:
    _target_: str = "speccascade.checkpoints.pairs.ModelSpec"
    weights: str = MISSING


@dataclass
class T5Model(Model):
    config: T5 = field(default_factory=T5)


@dataclass
class GemmaModel(Model):
    config: Gemma = field(default_factory=Gemma)


@dataclass
class Checkpoint:
    """A model from a checkpoint that says its own shape; docs/checkpoints.md."""

    _target_: str = "speccascade.checkpoints.pairs.CheckpointSpec"
    uri: str = MISSING
    dtype: str = "float32"
    overrides: dict[str, Any] = field(default_factory=dict)


@dataclass
class Lookup:
    """A drafter without weights, which copies from the prompt."""

    _target_: str = "speccascade.checkpoints.pairs.LookupSpec"
    longest: int = 3


@dataclass
class Pair:
    """`drafter` and `target` are what the file names: `/schema@target: t5_model`."""

    _target_: str = "speccascade.checkpoints.pairs.PairSpec"
    name: str = MISSING
    drafter: Any = MISSING
    target: Any = MISSING
    vocabulary: str | None = None
    form: str = "fine_tuned"


@dataclass
class Method:
    """`rule` is a name, or a mapping with the `_target_` of a rule of one's own."""

    _target_: str = "speccascade.jobs.method.MethodSpec"
    name: str = MISSING
    kind: str = MISSING
    rule: Any = None
    gamma: int = 5
    gate: str = "untempered"
    bonus: str = "law"
    adaptive: str = "never"
    cap: int | None = 10
    score: str = "probability"
    quantile: float = 0.5
    fallback: float = 0.5
    sweeps: str = "alpha"
    thresholds: list[float | None] = field(default_factory=lambda: [None])


@dataclass
class Sampling:
    _target_: str = "speccascade.jobs.spec.SamplingSpec"
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0


@dataclass
class Engine:
    _target_: str = "speccascade.jobs.spec.EngineSpec"
    batch_size: int = 32


@dataclass
class Latency:
    _target_: str = "speccascade.jobs.spec.LatencySpec"
    num_examples: int = 20
    repeats: int = 3


@dataclass
class Wandb:
    _target_: str = "speccascade.tracking.WandbMirror"
    project: str = "speccascade"
    entity: str | None = None
    mode: str | None = None
    directory: str = MISSING
    tags: list[str] = field(default_factory=list)


@dataclass
class Objective:
    _target_: str = "speccascade.jobs.objective.Objective"
    cost: str = "target_calls_per_token"
    budget: float = MISSING


@dataclass
class Paths:
    root: str = MISSING
    cache: str = MISSING
    data: str | None = None
    tfds: str | None = None
    models: str | None = None


@dataclass
class Run:
    """Groups that a user may replace wholly are `Any`; our files have a schema."""

    name: str = MISSING
    pair: Any = MISSING
    task: Any = MISSING
    method: Any = MISSING
    sampling: Sampling = field(default_factory=Sampling)
    engine: Engine = field(default_factory=Engine)
    logger: Any = MISSING
    paths: Paths = field(default_factory=Paths)
    split: str = MISSING
    num_examples: int | None = MISSING
    validation_examples: int = 0
    seeds: list[int] = MISSING
    max_thresholds: int | None = None
    latency: Latency = field(default_factory=Latency)
    allow_code_execution: bool = False
    draws: bool = False
    tasks_of: dict[str, list[str]] = field(default_factory=dict)
    objective: Objective | None = None


@dataclass
class TrainingSettings:
    _target_: str = "speccascade.training.loop.TrainingSettings"
    steps: int = MISSING
    learning_rate: float = 0.01
    optimizer: str = "adamw"
    warmup_steps: int = 200
    cooldown_steps: int = 500
    tokens_per_batch: int = 2048
    seed: int = 0
    checkpoint_every: int = 250
    log_every: int = 25
    teacher_weight: float = 0.0


@dataclass
class Teacher:
    """Distillation's target model; no weights and no uri, no teacher.

    Attributes:
        weights: of the teacher, whose shape is `config`.
        uri: of the checkpoint that `cut` cuts; docs/checkpoints.md.
        rewrites: training pairs whose answers the teacher writes anew, which then are
            the training data (`training.rewriting`); 0 keeps the references.
        temperature: at which it writes them.
    """

    weights: str | None = None
    uri: str | None = None
    rewrites: int = 0
    temperature: float = 1.0
    config: Any = None


@dataclass
class Cut:
    """A model cut out of the teacher (`training.cutting`), which it then learns from.

    Attributes:
        layers: of the teacher, counted from 0.
        ids: how many it has, those that the training text has most often.
        row_tokens: of a training row, in which examples follow one another.
    """

    layers: list[int] = MISSING
    ids: int = 8192
    row_tokens: int = 256


@dataclass
class Training:
    """One model's training.

    Attributes:
        model: what is trained, of the family that the file names (`/schema@model: t5`);
            None where `cut` says it.
        cut: which part of the teacher is trained (`/schema@cut: cut`); None: a model
            of its own.
        vocabulary: path of the SentencePiece model; a cut takes the teacher's.
        initial: weights to start from; None: random ones.
        initial_decoder_layers: decoder layers of `initial`, where the model has more
            (`training.growth`); None: as many as the model.
        initial_layers: which layers of `initial`, counted from 0, a decoder-only model
            that has fewer starts from; None: all.
        directory: of checkpoints and progress, from which a killed training goes on.
        output: the weights file that is written at the end, bfloat16.
        validation_batches: how many the validation loss is taken over.
        metric_examples: validation sentences that the task's metric is taken over,
            decoded greedily at every checkpoint; 0: none.
    """

    name: str = MISSING
    model: Any = None
    cut: Any = None
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    vocabulary: str = "package:vocabulary.model"
    initial: str | None = None
    initial_decoder_layers: int | None = None
    initial_layers: list[int] | None = None
    teacher: Teacher = field(default_factory=Teacher)
    directory: str = "${paths.root}/training/${.name}"
    output: str = "${.directory}/${.name}.safetensors"
    validation_batches: int = 9
    metric_examples: int = 64


@dataclass
class Train:
    task: Any = MISSING
    paths: Paths = field(default_factory=Paths)
    training: Training = field(default_factory=Training)


SCHEMAS = {
    "t5": T5,
    "gemma": Gemma,
    "t5_model": T5Model,
    "gemma_model": GemmaModel,
    "checkpoint": Checkpoint,
    "lookup": Lookup,
    "pair": Pair,
    "method": Method,
    "sampling": Sampling,
    "engine": Engine,
    "wandb": Wandb,
    "paths": Paths,
    "run": Run,
    "cut": Cut,
    "training": Training,
    "train": Train,
}


def _cores() -> int:
    """The cores that this process may use; not every system can say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# What our files write around a path: `~` in it is the home folder, for Hydra's own logs
# as for everything else.
OmegaConf.register_new_resolver("user", os.path.expanduser, replace=True)
# Jobs that a launcher starts side by side: a job keeps about two cores busy.
OmegaConf.register_new_resolver(
    "half_the_cores", lambda: max(2, _cores() // 2), replace=True
)


def register() -> None:
    """Puts the schemas where Hydra looks for them, as group `schema`.

    The resolvers above are there with the module: a launcher's processes import it with
    the job, and nothing else calls this there.
    """
    store = ConfigStore.instance()
    for name, node in SCHEMAS.items():
        store.store(
            group="schema", name=name, node=node, provider="speccascade.cli.schemas"
        )
