"""One row by itself: a target that is not needed does not read the prompt."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution
from speccascade.models.toy import Toy
from speccascade.rules import RULES
from tests.engine import toys

ASKED = {
    "token": Execution(kind="token_cascade", rule=RULES["chow"], cap=None),
    "sequence": Execution(kind="sequence_cascade", rule=RULES["chow"], score="mean"),
}
READ = []


@dataclasses.dataclass(frozen=True, kw_only=True)
class Noting(Toy):
    """A toy that notes every prompt that it reads."""

    def prefill(self, params, prompts, decode_slots):
        def note(tokens):
            READ.append(None)
            return np.zeros_like(tokens[0, 0])

        prefilled = super().prefill(params, prompts, decode_slots)
        shape = jax.ShapeDtypeStruct((), jnp.int32)
        zero = jax.pure_callback(note, shape, prompts.tokens)
        return prefilled.replace(cache=prefilled.cache + zero)


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_a_row_by_itself_reads_what_it_needs_and_writes_the_same(asked):
    batch, deferring = 24, set()
    alpha = np.linspace(0.4, 0.65, batch)
    whole = toys.decode(asked, toys.make_rows(batch, alpha=alpha, seed=3))
    for example in range(0, batch, len(toys.PROMPTS)):  # they share a prompt
        READ.clear()
        row = toys.make_rows(1, alpha=alpha[example], seed=3, example=[example])
        found = toys.decode(asked, row, model=Noting(vocab_size=toys.VOCAB))
        np.testing.assert_array_equal(found.tokens[0], whole.tokens[example])
        for name, values in found.counters.items():
            assert values[0] == whole.counters[name][example], name
        assert len(READ) == found.counters["prefills"][0]
        deferring.add(bool(found.counters["target_calls"][0]))
    assert deferring == {False, True}
