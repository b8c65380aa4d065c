"""From the engine's rounds to the steps of a trace.

Nothing is decided here. Tokens, drafts, distributions, probabilities of acceptance and
deferrals are the engine's (`engine.watch`); words are put to them.
"""

import dataclasses
from collections.abc import Iterable

import jax.numpy as jnp
import numpy as np

from speccascade.checkpoints.vocabulary import Vocabulary
from speccascade.engine import Execution, Round
from speccascade.engine.seen import Views
from speccascade.engine.sequence_score import sequence_score
from speccascade.rules import PrefixRule, Slot
from speccascade.rules.slot import number
from speccascade.sampling import Role
from speccascade.traces.trace import Look, Origin, Step, shown

Counts = dict[str, int | None]


def record(
    execution: Execution,
    rounds: Iterable[Round],
    vocabulary: Vocabulary,
    *,
    alpha: float,
    greedy: bool,
) -> tuple[tuple[Step, ...], Counts]:
    """The steps of one row, and its counters.

    Args:
      execution: what the rounds are of.
      rounds: all of the row's, at least one.
      vocabulary: of both models.
      alpha: the row's threshold; any value where there is none.
      greedy: whether its temperature is 0.
    """
    writer = _Writer(execution, vocabulary, alpha, greedy)
    tell = {
        "drafter": writer.alone,
        "target": writer.alone,
        "speculative": writer.speculative,
        "token_cascade": writer.token_cascade,
        "sequence_cascade": writer.sequence_cascade,
    }[execution.kind]
    steps: list[Step] = []
    counts: Counts = {}
    for index, one in enumerate(rounds, 1):
        tell(steps, index, one)
        counts = {
            name: None if value is None else int(value[0])
            for name, value in vars(one.after.counters).items()
        }
    return tuple(steps), counts


@dataclasses.dataclass(frozen=True)
class _Writer:
    """Adds a round's steps, in a way of its own for each kind of execution."""

    execution: Execution
    vocabulary: Vocabulary
    alpha: float
    greedy: bool

    def alone(self, steps: list[Step], index: int, one: Round) -> None:
        drafts = self.execution.kind == "drafter"
        steps.append(
            self._written(index, one, drafts, int(one.before.output.length[0]))
        )

    def speculative(self, steps: list[Step], index: int, one: Round) -> None:
        seen = one.seen
        assert seen.q is not None and seen.p is not None and seen.keep is not None
        start = int(one.before.output.length[0])
        taken = int(one.after.output.length[0]) - start
        written = np.asarray(one.after.output.tokens)[0]
        length, keep = int(seen.lengths[0]), np.asarray(seen.keep)[0]
        table = np.asarray(one.uniforms.table)[0]
        u = table[start : start + length, Role.ACCEPT]
        kept = int(np.cumprod(u < keep[:length]).sum())
        q, p = _Rows.of(seen.q), _Rows.of(seen.p)
        for slot in range(length):
            token = int(seen.tokens[0, slot])
            deferred = None if seen.deferred is None else bool(seen.deferred[0, slot])
            if slot < min(kept, taken):
                origin = Origin.ACCEPTED
            elif slot == kept < taken:
                origin = Origin.REJECTED
            else:
                origin = Origin.DROPPED
            if origin is Origin.DROPPED:
                why = "follows a rejected draft" if slot > kept else "follows the end"
            else:
                at = self._slot(q, p, slot, token)
                why = self._tested(at, deferred, float(keep[slot]), float(u[slot]))
            steps.append(
                self._step(
                    index,
                    start + slot,
                    token,
                    origin,
                    why,
                    q=self._look(q, slot, token),
                    p=self._look(p, slot, token),
                    keep=float(keep[slot]),
                    u=float(u[slot]),
                    deferred=deferred,
                )
            )
        if taken <= kept:
            return  # the answer ended within the draft
        token = int(written[start + kept])
        if kept < length:
            origin = Origin.RESAMPLED
            old = shown(self.vocabulary, int(seen.tokens[0, kept]))
            why = f"in place of {old!r}, drawn from the residual"
        else:
            origin = Origin.BONUS
            why = self._bonus(q, p, kept, token)
        steps.append(
            self._step(
                index,
                start + kept,
                token,
                origin,
                why,
                q=self._look(q, kept, token) if kept < len(q.gates) else None,
                p=self._look(p, kept, token),
            )
        )

    def token_cascade(self, steps: list[Step], index: int, one: Round) -> None:
        seen, rule = one.seen, self.execution.rule
        assert seen.q is not None and seen.p is not None and rule is not None
        assert seen.deferred is not None  # such rules have an r
        start, length = int(one.before.output.length[0]), int(seen.lengths[0])
        taken = int(one.after.output.length[0]) - start
        q, p = _Rows.of(seen.q), _Rows.of(seen.p)
        for slot in range(taken):
            drafts = slot < length
            token = int(one.after.output.tokens[0, start + slot])
            # The rule reads q alone, which stands in the place of p.
            sides = rule.sides(self._slot(q, q, slot, token))
            assert sides is not None
            deferred = not drafts and bool(seen.deferred[0, 0])
            if not drafts and not deferred:
                why = f"the drafter has written {length} in a row, its cap"
            else:
                what = "asks the target" if deferred else "the drafter writes"
                why = f"{sides.sentence(deferred)}: {what}"
            steps.append(
                self._step(
                    index,
                    start + slot,
                    token,
                    Origin.DRAFTER if drafts else Origin.TARGET,
                    why,
                    q=self._look(q, slot, token),
                    p=None if drafts else self._look(p, 0, token),
                    deferred=deferred,
                )
            )

    def sequence_cascade(self, steps: list[Step], index: int, one: Round) -> None:
        drafts = not bool(one.before.memory.rewrites[0])
        position = int(one.before.output.length[0])
        step = self._written(index, one, drafts, position)
        deferred = one.seen.deferred is not None and bool(one.seen.deferred[0, 0])
        ended = deferred or bool(one.after.output.finished[0])
        if drafts and ended:
            score = sequence_score(
                self.execution, one.after.memory.log_q, jnp.array([position + 1])
            )
            relation, what = ("<", "asks the target") if deferred else ("≥", "stands")
            why = (
                f"score {number(score[0])} {relation} 1 - {number(self.alpha)}: the "
                f"answer {what}"
            )
            step = dataclasses.replace(step, why=why, deferred=deferred)
        steps.append(step)
        if deferred:
            steps[:] = [
                dataclasses.replace(old, origin=Origin.DROPPED) for old in steps
            ]

    def _written(self, index: int, one: Round, drafts: bool, position: int) -> Step:
        """A token that one model drew by itself."""
        views = one.seen.q if drafts else one.seen.p
        assert views is not None
        token, rows = int(one.seen.tokens[0, 0]), _Rows.of(views)
        verb = "the argmax of" if self.greedy else "drawn from"
        look = self._look(rows, 0, token)
        return self._step(
            index,
            position,
            token,
            Origin.DRAFTER if drafts else Origin.TARGET,
            f"{verb} {'q' if drafts else 'p'}",
            q=look if drafts else None,
            p=None if drafts else look,
        )

    def _tested(self, at: Slot, deferred: bool | None, keep: float, u: float) -> str:
        """Why a draft was kept or rejected."""
        if keep >= 1:
            test = "kept for certain"
        elif keep <= 0:
            test = "kept with probability 0"
        else:
            relation = "<" if u < keep else "≥"
            test = f"u {number(u)} {relation} {number(keep)}, its chance to be kept"
        rule = self.execution.speculative_rule
        sides = None if deferred is None else rule.sides(at)
        if sides is None or deferred is None:
            return test
        what = f"asks the target; {test}" if deferred else "the draft stands"
        return f"{sides.sentence(deferred)}: {what}"

    def _bonus(self, q: "_Rows", p: "_Rows", slot: int, token: int) -> str:
        """Where the token after a whole draft comes from."""
        verb = "the argmax of" if self.greedy else "drawn from"
        rule = self.execution.speculative_rule
        if self.execution.bonus == "target" or rule.name == "lossless":
            return f"the draft was kept whole; {verb} p"
        at = self._slot(q, p, slot, token)
        sides = rule.sides(at)
        if isinstance(rule, PrefixRule) and sides is not None:
            deferred = bool(rule.defers(*at.arguments))
            return f"{sides.sentence(deferred)}: {verb} {'p' if deferred else 'q'}"
        return f"the draft was kept whole; {verb} the rule's law"

    def _slot(self, q: "_Rows", p: "_Rows", slot: int, token: int) -> Slot:
        return Slot(
            q=jnp.asarray(q.draws[slot]),
            p=jnp.asarray(p.draws[slot]),
            gate_q=jnp.asarray(q.gates[slot]),
            gate_p=jnp.asarray(p.gates[slot]),
            alpha=self.alpha,
            greedy=self.greedy,
            token=token,
        )

    def _look(self, rows: "_Rows", slot: int, token: int) -> Look:
        gate = rows.gates[slot]
        top = int(gate.argmax())
        return Look(
            x=float(gate[token]),
            top=float(gate[top]),
            top_piece=shown(self.vocabulary, top),
        )

    def _step(
        self,
        index: int,
        position: int,
        token: int,
        origin: Origin,
        why: str,
        *,
        q: Look | None,
        p: Look | None,
        keep: float | None = None,
        u: float | None = None,
        deferred: bool | None = None,
    ) -> Step:
        return Step(
            round=index,
            position=position,
            token=token,
            piece=shown(self.vocabulary, token),
            origin=origin,
            why=why,
            q=q,
            p=p,
            keep=keep,
            u=u,
            deferred=deferred,
        )


@dataclasses.dataclass(frozen=True)
class _Rows:
    """One row's views on the host, float32[S, V] each."""

    draws: np.ndarray
    gates: np.ndarray

    @classmethod
    def of(cls, views: Views) -> "_Rows":
        return cls(np.asarray(views.draws)[0], np.asarray(views.gates)[0])
