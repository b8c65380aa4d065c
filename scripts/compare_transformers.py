"""Times our decoding beside that of `transformers`, on the same weights and sentences.

    python scripts/compare_transformers.py [COUNT] [key=value ...]

Where torch and transformers are installed beside speccascade (the extra `reference`, in
an environment of its own); the overrides are those of `speccascade run`, gamma is the
method's. COUNT (20) sentences of the job, greedy and at its temperature, batch 1, both
in float32 on the same cores, torch with as many threads as serve it best:

- ours: the target alone, and `lossless`;
- theirs: `generate`, and assisted generation (`assistant_model`) with gamma draft
  tokens every round: a constant schedule, no confidence at which drafting stops early.

The four take their turns in an order drawn anew for every sentence and repeat, medians
of three count, and everything runs once before the clock does.
"""

import os
import random
import statistics
import sys
import time

import flax.traverse_util
import jax
import numpy as np
import torch
import transformers
from transformers import T5Config, T5ForConditionalGeneration

from speccascade.checkpoints import safetensors_io
from speccascade.checkpoints.pairs import ModelSpec
from speccascade.checkpoints.paths import resolve
from speccascade.checkpoints.transformers_names import transformers_names
from speccascade.cli.build import job_spec
from speccascade.cli.compose import Words, one_job
from speccascade.engine import Execution
from speccascade.jobs.loaded import LoadedJob
from speccascade.latency import host_lock, this_host
from speccascade.models import T5
from speccascade.rules import get_rule
from speccascade.store import Coordinates

REPEATS = 3


def transformers_model(spec: ModelSpec) -> T5ForConditionalGeneration:
    """The model of `spec` in `transformers`, float32, with the very same weights."""
    ours = spec.config
    config = T5Config(
        vocab_size=ours.vocab_size,
        d_model=ours.emb_dim,
        num_heads=ours.num_heads,
        d_kv=ours.head_dim,
        d_ff=ours.mlp_dim,
        num_layers=ours.num_encoder_layers,
        num_decoder_layers=ours.num_decoder_layers,
        feed_forward_proj="relu" if ours.version == "1.0" else "gated-gelu",
        tie_word_embeddings=ours.version == "1.0",
        dropout_rate=0.0,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    model = T5ForConditionalGeneration(config).eval()
    if ours.version == "1.1":
        # transformers 5 ties the output whatever the configuration says.
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    # transformers 5 sizes the decoder's cache by the encoder's layers; both are built.
    model.config.num_layers = ours.num_decoder_layers
    expected = jax.eval_shape(T5(config=ours).init, jax.random.key(0))
    params = safetensors_io.load(resolve(spec.weights), expected)
    flat = flax.traverse_util.flatten_dict(params, sep="/")
    weights = dict(model.named_parameters())
    for our_name, their_name in transformers_names(ours).items():
        value = np.asarray(flat.pop(our_name))
        if our_name != "token_embedder/embedding":
            value = value.T
        with torch.no_grad():
            weights.pop(their_name).copy_(torch.from_numpy(np.array(value)))
    assert not flat and not weights, f"not mapped: {sorted(flat)} {sorted(weights)}"
    return model


class Comparison:
    """Four ways to decode a sentence, each giving the tokens that it wrote."""

    def __init__(self, job: LoadedJob, gamma: int):
        self.job, self.gamma = job, gamma
        self.limit = job.spec.task.max_new_tokens
        self.target = transformers_model(job.spec.pair.target)
        self.drafter = transformers_model(job.spec.pair.drafter)
        settings = self.drafter.generation_config
        settings.num_assistant_tokens = gamma
        settings.num_assistant_tokens_schedule = "constant"
        settings.assistant_confidence_threshold = 0.0

    def ours(self, example, temperature: float, lossless: bool):
        kind = Execution(kind="target")
        if lossless:
            rule = get_rule("lossless")
            kind = Execution(kind="speculative", rule=rule, gamma=self.gamma)
        place = Coordinates(temperature=temperature, seed=0)
        batch = jax.block_until_ready(self.job.batch([example], place, 1))

        def decode() -> list[int]:
            made = jax.block_until_ready(self.job.decode(kind, batch))
            return np.asarray(made.tokens)[0, : int(made.lengths[0])].tolist()

        return decode

    def theirs(self, example, temperature: float, assisted: bool):
        tokens = torch.tensor([example.tokens])
        words = {
            "input_ids": tokens,
            "attention_mask": torch.ones_like(tokens),
            "max_new_tokens": self.limit,
            "do_sample": temperature > 0,
        }
        if temperature > 0:
            words |= {"temperature": temperature, "top_k": 0, "top_p": 1.0}
        if assisted:
            words["assistant_model"] = self.drafter

        def decode() -> list[int]:
            torch.manual_seed(example.id)
            with torch.inference_mode():
                return self.target.generate(**words)[0, 1:].tolist()

        return decode

    def choose_threads(self) -> None:
        """Gives torch the number of threads, one or every core, that serves it best.

        Where the cores are shared with other work, two threads wait for one another at
        every operation and may be slower than one by an order of magnitude.
        """
        seconds = {}
        for threads in dict.fromkeys((1, os.cpu_count() or 1)):
            torch.set_num_threads(threads)
            decode = self.theirs(self.job.examples[0], 0.0, False)
            decode()
            start = time.perf_counter()
            decode()
            seconds[threads] = time.perf_counter() - start
        torch.set_num_threads(min(seconds, key=lambda threads: seconds[threads]))
        tried = ", ".join(f"{n}: {taken:.3f} s" for n, taken in seconds.items())
        print(f"torch threads {torch.get_num_threads()} (one sentence with {tried})")

    def ways(self, example, temperature: float):
        return {
            "ours alone": self.ours(example, temperature, False),
            "ours lossless": self.ours(example, temperature, True),
            "theirs alone": self.theirs(example, temperature, False),
            "theirs assisted": self.theirs(example, temperature, True),
        }

    def run(self, temperature: float) -> dict[str, float]:
        """Prints and returns tokens a second of the four ways."""
        seconds: dict[str, list[float]] = {}
        written: dict[str, list[list[int]]] = {}
        for example in self.job.examples:
            for name, decode in self.ways(example, temperature).items():
                written.setdefault(name, []).append(decode())
        for example in self.job.examples:
            ways = self.ways(example, temperature)
            taken: dict[str, list[float]] = {name: [] for name in ways}
            for repeat in range(REPEATS):
                order = list(ways)
                random.Random(f"{example.id} {repeat}").shuffle(order)
                for name in order:
                    start = time.perf_counter()
                    ways[name]()
                    taken[name].append(time.perf_counter() - start)
            for name, repeats in taken.items():
                seconds.setdefault(name, []).append(statistics.median(repeats))
        speed = {}
        print(f"temperature {temperature:g}, gamma {self.gamma}")
        for name, texts in written.items():
            count = sum(map(len, texts))
            speed[name] = count / sum(seconds[name])
            print(
                f"  {name:16} {count:6} tokens  {sum(seconds[name]):7.3f} s  "
                f"{speed[name]:7.1f} tokens/s"
            )
        for what, ways in {
            "ours: lossless over alone": ("ours lossless", "ours alone"),
            "theirs: assisted over alone": ("theirs assisted", "theirs alone"),
            "alone: ours over theirs": ("ours alone", "theirs alone"),
            "speculative: ours over theirs": ("ours lossless", "theirs assisted"),
        }.items():
            print(f"  {what:30} {speed[ways[0]] / speed[ways[1]]:.2f}")
        if temperature == 0:
            # Sampled texts differ by their random numbers; greedy ones may not.
            equal = {
                name: sum(map(list.__eq__, written["ours alone"], texts))
                for name, texts in written.items()
            }
            of = len(self.job.examples)
            print(f"  same greedy text as ours alone, of {of}: {equal}")
        return speed


def main() -> None:
    arguments = sys.argv[1:]
    count = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 20
    asked = ("method=lossless", *arguments, f"num_examples={count}")
    words = Words(names=(), overrides=(*asked, "latency.num_examples=0"))
    job = LoadedJob.of(job_spec(one_job(words)))
    transformers.logging.set_verbosity_error()
    comparison = Comparison(job, job.spec.method.gamma)
    host, device = this_host()
    print(
        f"{host}, {device}; jax {jax.__version__}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}"
    )
    with host_lock(lambda: print("waiting for other work on this host to end")):
        print(f"load at the start {os.getloadavg()[0]:.2f}")
        comparison.choose_threads()
        for temperature in dict.fromkeys((0.0, job.spec.sampling.temperature)):
            comparison.run(temperature)
        print(f"load at the end {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
