"""Prompt lookup against a search that is written out, at every slot it is fed at."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.models import PromptLookup, Prompts
from tests.models.lookup import proposal

VOCAB = 5


def propose(model, history, prompt_length, width):
    """What is proposed after each token of `history` behind the prompt."""
    prompts = Prompts(
        tokens=jnp.array([history[:prompt_length]], jnp.int32),
        lengths=jnp.array([prompt_length], jnp.int32),
    )
    fed = history[prompt_length - 1 :]
    first = model.prefill({}, prompts, len(fed) + width)
    cache, slot, found = first.cache, first.slot, []
    score = jax.jit(model.score)
    for start in range(0, len(fed), width):
        block = fed[start : start + width]
        padded = [*block, *[0] * (width - len(block))]
        logits, cache = score({}, cache, jnp.array([padded], jnp.int32), slot + start)
        probabilities = np.asarray(jax.nn.softmax(logits))[0, : len(block)]
        assert sorted(set(probabilities.ravel().tolist())) == [0, 1]  # one-hot
        found += np.argmax(probabilities, -1).tolist()
    return found


@pytest.mark.parametrize("longest", [1, 2, 3])
@pytest.mark.parametrize("width", [1, 4])
def test_it_proposes_what_followed_the_latest_longest_match(longest, width):
    model = PromptLookup(vocab_size=VOCAB, longest=longest)
    rng = np.random.default_rng(longest)
    for prompt_length in (1, 2, 9):
        history = rng.integers(0, VOCAB, 24).tolist()
        found = propose(model, history, prompt_length, width)
        ends = range(prompt_length, len(history) + 1)
        assert found == [proposal(history[:end], longest) for end in ends]


def test_the_worked_example():
    words = ["the", "cat", "sat", ".", "the", "cat"]
    ids = [words.index(word) for word in words]
    assert words[proposal(ids, 2)] == "sat"
    model = PromptLookup(vocab_size=VOCAB, longest=2)
    assert propose(model, ids, len(ids), 1) == [words.index("sat")]


def test_what_was_rolled_back_is_not_found_again():
    model = PromptLookup(vocab_size=VOCAB, longest=2)
    prompts = Prompts(
        tokens=jnp.array([[1, 2]], jnp.int32), lengths=jnp.array([2], jnp.int32)
    )
    first = model.prefill({}, prompts, 8)
    dropped = jnp.array([[2, 3, 4, 3]], jnp.int32)
    _, cache = model.score({}, first.cache, dropped, first.slot)
    logits, _ = model.score({}, cache, jnp.array([[3]], jnp.int32), first.slot + 1)
    assert int(jnp.argmax(logits)) == proposal([1, 2, 3], 2) == 3
