"""FLOPs from counters are those of the calls that were really made.

Outside `jit` a loop is Python's: a model may then note the width of each call.
"""

import dataclasses

import jax
import pytest

from speccascade.engine import Execution
from speccascade.engine.flops import row_flops
from speccascade.engine.generate import generate
from speccascade.models.toy import Toy
from speccascade.rules import RULES
from tests.engine import toys

PROMPT = max(map(len, toys.PROMPTS))  # their padded length
READ, SEEN = 10_000, 1_000_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Noting(Toy):
    """A toy that writes down what its calls cost, and says the same when asked."""

    price: int
    notes: list = dataclasses.field(default_factory=list, hash=False, compare=False)

    def prefill_flops(self, prompt_slots):
        return self.price * (READ + prompt_slots)

    def score_flops(self, tokens, decode_slots, prompt_slots):
        return self.price * (tokens * SEEN + decode_slots + 100 * prompt_slots)

    def prefill(self, params, prompts, decode_slots):
        self.notes.append(self.prefill_flops(prompts.tokens.shape[1]))
        return super().prefill(params, prompts, decode_slots)

    def score(self, params, cache, tokens, slots):
        decode_slots = cache.shape[1] - PROMPT
        self.notes.append(self.score_flops(tokens.shape[1], decode_slots, PROMPT))
        return super().score(params, cache, tokens, slots)


ASKED = {
    "drafter": (Execution(kind="drafter"), 0.0),
    "target": (Execution(kind="target"), 0.0),
    "law": (Execution(kind="speculative", rule=RULES["opt"], gamma=2), -0.2),
    "adaptive": (
        Execution(kind="speculative", rule=RULES["chow"], gamma=3, adaptive="rule"),
        0.4,
    ),
    "bonus target": (
        Execution(kind="speculative", rule=RULES["lossless"], gamma=2, bonus="target"),
        0.0,
    ),
    "bild": (Execution(kind="bild", rule=RULES["bild"], gamma=2), 1.6),
    "oracle": (Execution(kind="oracle_cascade", rule=RULES["opt"]), -0.2),
    "sequence": (Execution(kind="sequence_cascade", rule=RULES["chow"]), 0.9),
    "token": (Execution(kind="token_cascade", rule=RULES["chow"], cap=2), 0.4),
    "cap beyond the output": (
        Execution(kind="token_cascade", rule=RULES["chow"], cap=9),
        0.4,
    ),
    "no cap": (Execution(kind="token_cascade", rule=RULES["chow"], cap=None), 0.4),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_row_costs_the_sum_of_the_calls_that_it_made(name):
    asked, alpha = ASKED[name]
    for seed in range(3):
        drafter = Noting(vocab_size=toys.VOCAB, price=1)
        target = Noting(vocab_size=toys.VOCAB, price=10**8)
        with jax.disable_jit():
            generation = generate(
                asked,
                drafter,
                target,
                toys.pair_params(),
                toys.prompts(1),
                toys.make_rows(1, alpha=alpha, seed=seed),
                max_new_tokens=toys.LIMIT,
                eos_id=toys.EOS,
            )
        counts = {
            name: None if values is None else int(values[0])
            for name, values in vars(generation.counters).items()
        }
        made = sum(drafter.notes + target.notes)
        if asked.kind in ("sequence_cascade", "token_cascade"):
            # `engine.late` asks once for shapes; what it asks for is not compiled.
            made -= target.prefill_flops(PROMPT)
        assert made == row_flops(
            asked,
            drafter,
            target,
            counts,
            prompt_slots=PROMPT,
            max_new_tokens=toys.LIMIT,
        )
