"""All checks, in the paper's order, from fixed seeds."""

import numpy as np

from speccascade.theory import calls, greedy, optimum, regret, rejection, simulation
from speccascade.theory.check import Check


def check_all(seed: int = 0) -> tuple[Check, ...]:
    """Lemmas 3, 4, 5, 7 (and our half of its bound), 8, and tokens per call twice.

    Each has random numbers of its own: changing one check leaves the others alone.
    """
    lemma_3, lemma_4, lemma_5, lemma_7, lemma_8, blocks = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(6)
    )
    return (
        rejection.check(lemma_3),
        optimum.check(lemma_4),
        regret.check_5(lemma_5),
        *regret.check_7(lemma_7),
        greedy.check(lemma_8),
        calls.check(blocks),
        simulation.check(),
    )
