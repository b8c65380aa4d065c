"""Tokens per call as the engine writes them, on pairs whose acceptance is constant.

A toy whose next token depends on nothing gives the same q and p at every position, so a
draft is accepted with the same chance a = 1 - sum max(0, q - m) everywhere, and the
formula of `calls.py` is exact. Its end token has probability 0: all texts are of the
length asked for, and the number of calls has a mean and a variance that are known
(`calls_for`). So the check is a z-score, and the figure's intervals come from the rows.

One rule serves all: TokenV3 is lossless at alpha < 0, and a cascade at 0.6.
"""

import dataclasses

import jax.numpy as jnp
import numpy as np

from speccascade.engine import Execution, PairParams, Rows, generate
from speccascade.models.interface import Prompts
from speccascade.models.toy import Toy
from speccascade.rules import RULES
from speccascade.rules.verify import rejection_probability
from speccascade.sampling import Sampling
from speccascade.theory.calls import calls_for, tokens_per_call
from speccascade.theory.check import Check, Points
from speccascade.theory.prefixes import in_float64

_RULE = RULES["token_v3"]
_GAMMAS = range(1, 9)
_ROWS, _LENGTH = 64, 1024
# The last token ends a text, and never comes.
_Q = (0.10, 0.50, 0.25, 0.15, 0.0)
_END = 4
# A correct engine exceeds this once in 6,000 runs of 24 settings with fresh seeds.
_STANDARD_ERRORS = 4.5
# 95 % of a normal distribution; a mean of 64 rows is as good as normal.
_HALF_WIDTH = 1.96


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """A pair with the common drafter, and a threshold.

    Attributes:
        p: the target's distribution.
        alpha: of TokenV3.
    """

    p: tuple[float, ...]
    alpha: float

    @property
    def acceptance(self) -> float:
        """a = 1 - sum max(0, q - m), in float64."""
        q, p, alpha = np.array(_Q), np.array(self.p), np.array(self.alpha)
        m = in_float64(_RULE.measure, q, p, q, p, alpha, np.array(False))
        return 1 - float(in_float64(rejection_probability, q, m))

    @property
    def label(self) -> str:
        """What it is called in the figure."""
        kind = "lossless" if self.alpha < 0 else f"TokenV3({self.alpha:g})"
        return f"{kind}, a = {self.acceptance:.3g}"


SETTINGS = (
    Setting(p=(0.70, 0.05, 0.05, 0.20, 0.0), alpha=-1.0),
    Setting(p=(0.05, 0.20, 0.35, 0.40, 0.0), alpha=-1.0),
    Setting(p=(0.05, 0.20, 0.35, 0.40, 0.0), alpha=0.6),
)


def calls(setting: Setting, gamma: int, seed: int) -> np.ndarray:
    """int32[rows]: calls of the target that each text of the same length took."""
    toy = Toy(vocab_size=len(_Q))

    def table(f: tuple[float, ...]) -> jnp.ndarray:
        size = len(f)
        logits = np.log(np.array(f), where=np.array(f) > 0, out=np.full(size, -np.inf))
        return jnp.asarray(np.tile(logits, (1, size + 1, size, 1)), jnp.float32)

    generation = generate(
        Execution(kind="speculative", rule=_RULE, gamma=gamma),
        toy,
        toy,
        PairParams(drafter=table(_Q), target=table(setting.p)),
        Prompts(
            tokens=jnp.zeros((_ROWS, 1), jnp.int32),
            lengths=jnp.ones(_ROWS, jnp.int32),
        ),
        Rows(
            alpha=jnp.full(_ROWS, setting.alpha, jnp.float32),
            sampling=Sampling(
                temperature=jnp.ones(_ROWS, jnp.float32),
                top_k=jnp.zeros(_ROWS, jnp.int32),
                top_p=jnp.ones(_ROWS, jnp.float32),
                min_p=jnp.zeros(_ROWS, jnp.float32),
            ),
            seed=jnp.full(_ROWS, seed, jnp.int32),
            example=jnp.arange(_ROWS, dtype=jnp.int32),
            active=jnp.ones(_ROWS, bool),
        ),
        max_new_tokens=_LENGTH,
        eos_id=_END,
    )
    return np.asarray(generation.counters.target_calls)


def check() -> Check:
    """The engine at gamma 1 to 8 and three acceptances, seeds of their own for each.

    Control: what a formula without the bonus token expects.
    """
    violation = control = 0.0
    points = []
    for place, setting in enumerate(SETTINGS):
        a = setting.acceptance
        means, errors = [], []
        for gamma in _GAMMAS:
            counted = calls(setting, gamma, seed=len(_GAMMAS) * place + gamma)
            mean, variance = calls_for(_LENGTH, a, gamma)
            error = np.sqrt(variance / _ROWS)
            violation = max(violation, abs(np.mean(counted) - mean) / error)
            without = _LENGTH / tokens_per_call(a, gamma - 1)
            control = max(control, abs(np.mean(counted) - without) / error)
            means.append(np.mean(counted))
            errors.append(np.std(counted, ddof=1) / np.sqrt(_ROWS))
        points += _points(setting, np.array(means), np.array(errors))
    return Check(
        name="engine's calls",
        statement=f"calls for {_LENGTH:,} tokens, as the formula has it",
        instances=len(SETTINGS) * len(_GAMMAS),
        violation=float(violation),
        allowed=_STANDARD_ERRORS,
        unit="s.e.",
        control="no bonus token",
        control_violation=float(control),
        points=tuple(points),
    )


def _points(setting: Setting, means: np.ndarray, errors: np.ndarray) -> list[Points]:
    """The formula as a line, and what the engine did with its 95 % interval."""
    gammas = np.array(_GAMMAS, float)
    formula = [tokens_per_call(setting.acceptance, gamma) for gamma in _GAMMAS]
    measured = Points(
        label=setting.label,
        x=gammas,
        y=_LENGTH / means,
        low=_LENGTH / (means + _HALF_WIDTH * errors),
        high=_LENGTH / (means - _HALF_WIDTH * errors),
    )
    return [Points(label="formula", x=gammas, y=np.array(formula)), measured]
