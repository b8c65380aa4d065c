"""The component profile of a pair, on the exact toy."""

import jax
import pytest

from speccascade.engine import PairParams
from speccascade.engine.batch import RowRequest, make_batch
from speccascade.latency import profile_components
from speccascade.latency.components import STEPS
from speccascade.models.toy import Toy

TOY = Toy(vocab_size=4)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_profile_has_every_component_at_the_shape_that_it_was_asked_for(batch):
    params = PairParams(
        drafter=TOY.init(jax.random.key(1), 8), target=TOY.init(jax.random.key(2), 8)
    )
    requests = [RowRequest(tokens=(2, 3), example=row) for row in range(batch)]
    prompts, rows = make_batch(requests, 2, batch)
    found = profile_components(
        TOY, TOY, params, prompts, rows, widths=(1, 3), decode_slots=8, repeats=3
    )
    assert (found.batch, found.prompt_length) == (batch, 2)
    assert set(found.target_ms) == {1, 3}
    assert found.draft_prefill_ms > 0 and found.target_prefill_ms > 0
    assert STEPS >= 16
