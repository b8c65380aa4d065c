"""A component profile of round numbers."""

import pytest

from speccascade.latency import Components, EngineSpeed, HostProfile, RoundCost


def components(batch=1, prompt_length=40, scale=1.0):
    return Components(
        batch=batch,
        prompt_length=prompt_length,
        draft_step_ms=0.1 * scale,
        target_ms={1: 1.0 * scale, 4: 2.0 * scale, 11: 4.0 * scale},
        draft_prefill_ms=1.0 * scale,
        target_prefill_ms=5.0 * scale,
    )


@pytest.fixture
def make_profile():
    def make(**changes):
        return HostProfile(
            **{
                "host": "a-host",
                "device": "cpu (2 cores)",
                "load": 0.25,
                "date": "2026-01-02T03:04:05+00:00",
                "pair": {"drafter_sha256": "d", "target_sha256": "t"},
                "max_new_tokens": 80,
                "truncate": False,
                "components": (components(), components(prompt_length=80, scale=10)),
                "rounds": (
                    RoundCost(kind="target", width=1, ms=0.0),
                    RoundCost(kind="drafter", width=1, ms=0.05),
                    RoundCost(kind="speculative", width=4, ms=0.4),
                    RoundCost(kind="bild", width=4, ms=0.4),
                    RoundCost(kind="token_cascade", width=11, ms=0.5),
                    RoundCost(kind="oracle_cascade", width=1, ms=0.2),
                    RoundCost(kind="sequence_cascade", width=1, ms=-0.1),
                ),
                "engine": (
                    EngineSpeed(
                        batch=1,
                        gamma=3,
                        tokens_per_s=500.0,
                        target_tokens_per_s=400.0,
                        ideal_tokens_per_s=625.0,
                        ideal_speedup=1.5,
                        over_components=1.2,
                    ),
                ),
                **changes,
            }
        )

    return make
