"""Teacher forcing as training uses it, against decoding from the cache."""

import jax
import jax.numpy as jnp
import numpy as np

LENGTH = 6


def test_they_are_what_decoding_scores_in_either_family(tiny, tiny_gemma):
    for case in (tiny, tiny_gemma):
        rng = np.random.default_rng(0)
        shape = (len(case.prompts.lengths), LENGTH)
        answers = jnp.array(rng.integers(2, 60, shape), jnp.int32)
        found = jax.jit(case.model.answer_logits)(case.params, case.prompts, answers)
        first = case.model.prefill(case.params, case.prompts, LENGTH)
        fed = jnp.concatenate([first.token[:, None], answers[:, :-1]], axis=1)
        expected, _ = jax.jit(case.model.score)(
            case.params, first.cache, fed, first.slot
        )
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


def test_padding_behind_an_answer_changes_nothing_before_it(tiny, tiny_gemma):
    for case in (tiny, tiny_gemma):
        rows = len(case.prompts.lengths)
        short = jnp.array([[5, 9, 1, 0, 0, 0]] * rows, jnp.int32)
        other = jnp.array([[5, 9, 1, 7, 8, 2]] * rows, jnp.int32)
        logits = [
            jax.jit(case.model.answer_logits)(case.params, case.prompts, one)
            for one in (short, other)
        ]
        np.testing.assert_array_equal(logits[0][:, :3], logits[1][:, :3])
