"""What may be asked of the engine, and how a batch is made of it."""

import jax.numpy as jnp
import numpy as np
import pytest

from speccascade.engine import Execution
from speccascade.engine.batch import RowRequest, make_batch
from speccascade.rules import RULES
from tests.rules.variants import WITHOUT_R


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "speculative"}, "rule"),
        ({"kind": "target", "rule": RULES["chow"]}, "rule"),
        ({"kind": "drafter", "gamma": 0}, "gamma"),
        ({"kind": "oracles"}, "kind"),
        ({"kind": "drafter", "bonus": "laws"}, "bonus"),
        ({"kind": "drafter", "gate": "tempered"}, "gate"),
        ({"kind": "token_cascade", "rule": RULES["diff"]}, "reads q alone"),
        ({"kind": "token_cascade", "rule": RULES["token_v1"]}, "reads q alone"),
        ({"kind": "token_cascade", "rule": RULES["lossless"]}, "reads q alone"),
        ({"kind": "token_cascade", "rule": RULES["chow"], "cap": 0}, "cap"),
        ({"kind": "sequence_cascade", "rule": RULES["chow_log"]}, "one number"),
        (
            {"kind": "sequence_cascade", "rule": RULES["chow"], "score": "sum"},
            "score",
        ),
        (
            {"kind": "sequence_cascade", "rule": RULES["chow"], "quantile": 1.5},
            "quantile",
        ),
        ({"kind": "bild", "rule": RULES["token_v3"]}, "whole slots"),
        ({"kind": "bild", "rule": RULES["bild"], "fallback": -0.1}, "fallback"),
        ({"kind": "oracle_cascade"}, "rule"),
        ({"kind": "drafter", "adaptive": "off"}, "adaptive"),
        (
            {"kind": "speculative", "rule": RULES["diff"], "adaptive": "rule"},
            "reads q alone, such as chow, and not by diff",
        ),
        (
            {"kind": "speculative", "rule": RULES["lossless"], "adaptive": "rule"},
            "reads q alone",
        ),
        (
            {
                "kind": "speculative",
                "rule": RULES["chow"],
                "adaptive": "confidence",
                "bonus": "target",
            },
            "bonus is law, and not target",
        ),
    ],
)
def test_an_execution_that_makes_no_sense_is_refused(fields, named):
    # ValueError; where the tests check annotations, beartype is faster.
    with pytest.raises(Exception, match=named):
        Execution(**fields)


def test_only_rules_with_an_r_count_deferrals():
    counting = {
        name
        for name, rule in RULES.items()
        if Execution(kind="speculative", rule=rule).has_deferral
    }
    assert counting == set(RULES) - WITHOUT_R
    assert not Execution(kind="target").has_deferral


def test_a_batch_is_padded_with_dummy_rows():
    requests = [
        RowRequest(tokens=(5, 6, 1), example=12, alpha=float("-inf"), seed=3),
        RowRequest(tokens=(7, 1), example=9, temperature=0.5, top_k=4, min_p=0.25),
    ]
    prompts, rows = make_batch(requests, length=4, batch_size=3)
    assert prompts.tokens.tolist() == [[5, 6, 1, 0], [7, 1, 0, 0], [0, 0, 0, 0]]
    assert prompts.lengths.tolist() == [3, 2, 1]
    assert rows.active.tolist() == [True, True, False]
    assert rows.alpha.tolist() == [-np.inf, 0, 0]
    assert rows.example.tolist() == [12, 9, 0]
    assert rows.seed.tolist() == [3, 0, 0]
    assert rows.sampling.temperature.tolist() == [1, 0.5, 1]
    assert rows.sampling.top_k.tolist() == [0, 4, 0]
    assert rows.sampling.min_p.tolist() == [0, 0.25, 0]
    assert rows.sampling.top_p.dtype == jnp.float32
