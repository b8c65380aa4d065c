"""Verification: which drafted tokens stand, and the token that follows them.

Alg. 4 of Narasimhan et al. (2025), steps 2 to 4, for any rule.
"""

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from speccascade.engine.distributions import Sampler, per_row
from speccascade.engine.draft import Draft
from speccascade.engine.request import Execution
from speccascade.numerics import at_token, inverse_cdf
from speccascade.rules.base import Coupling
from speccascade.rules.verify import keep_probability, law, residual
from speccascade.sampling import Role, Uniforms


@flax.struct.dataclass
class Verdict:
    """What verification made of a block.

    Attributes:
      block: int32[B, K] with K = G + 1, the kept tokens, then the extra one; what
        follows it is meaningless.
      kept: int32[B], drafted tokens that stand. The block's first `kept + 1` tokens are
        decided.
      whole: bool[B], whether all that were drafted do.
      keep: float32[B, G], the probability that each drafted token stands.
      deferred: bool[B, G], where the rule defers what was drafted; None if it has no r.
    """

    block: Int[Array, "B K"]
    kept: Int[Array, " B"]
    whole: Bool[Array, " B"]
    keep: Float[Array, "B G"]
    deferred: Bool[Array, "B G"] | None


def verify(
    execution: Execution,
    draft: Draft,
    target_logits: Float[Array, "B K V"],
    alpha: Float[Array, " B"],
    sampler: Sampler,
    uniforms: Uniforms,
    position: Int[Array, " B"],
) -> Verdict:
    """Accepts a prefix of the block and draws one more token.

    The extra token comes from the residual at the first rejected slot or, when none is
    rejected, from the law at the slot after the draft (`bonus: law`), which is slot G
    unless the length is adaptive, or from p at slot G (`target`).

    Args:
      execution: static.
      draft: the block, with its C distributions.
      target_logits: after each of the K = G + 1 fed tokens.
      alpha: threshold of each row.
      sampler: logits -> distributions.
      uniforms: of the rows.
      position: output position of the block's first token.
    """
    gamma, rule = execution.gamma, execution.speculative_rule
    slots = draft.q.shape[1]  # C: the slots where the rule needs a measure
    p_all = sampler.draws(target_logits)
    p = p_all[:, :slots]
    gate_p = sampler.gates(target_logits[:, :slots], p) if "p" in rule.gates else p
    threshold = jnp.broadcast_to(alpha[:, None], p.shape[:2])
    greedy = jnp.broadcast_to(per_row(sampler.sampling.greedy, threshold), p.shape[:2])
    arguments = (draft.q, p, draft.gate_q, gate_p, threshold, greedy)
    measure = rule.measure(*arguments)

    offsets = jnp.arange(gamma, dtype=jnp.int32)
    positions = position[:, None] + offsets[None, :]
    in_block = jax.tree.map(lambda array: array[:, :gamma], measure)
    keep = keep_probability(draft.q[:, :gamma], in_block, draft.tokens)
    drafted = offsets[None, :] < draft.lengths[:, None]
    accepted = drafted & (uniforms.at(positions, Role.ACCEPT) < keep)
    kept = jnp.sum(jnp.cumprod(accepted, axis=1, dtype=jnp.int32), axis=1)
    whole = kept == draft.lengths

    # The one slot that gives the extra token. Under `bonus: target` slot G has no q:
    # the gather stays in range, and p replaces what it finds.
    extra_slot = jnp.minimum(kept, slots - 1)
    q_x, p_x, m_x = jax.tree.map(
        lambda array: _at_slot(array, extra_slot), (draft.q, p, measure)
    )
    tokens = jnp.pad(draft.tokens, ((0, 0), (0, 1)))
    rejected = at_token(tokens, extra_slot)  # a padding token if none is
    bonus = p_all[:, gamma]
    if execution.bonus == "law":
        bonus = _bonus_law(q_x, p_x, m_x, whole)
    extra_law = jnp.where(whole[:, None], bonus, residual(q_x, p_x, m_x, rejected))
    extra_position = position + kept
    extra = inverse_cdf(
        extra_law,
        jnp.where(
            whole,
            uniforms.at(extra_position, Role.DRAFT),
            uniforms.at(extra_position, Role.RESIDUAL),
        ),
    )
    at_extra = jnp.arange(gamma + 1)[None, :] == kept[:, None]
    deferred = rule.defers(*arguments, tokens[:, :slots])
    return Verdict(
        block=jnp.where(at_extra, extra[:, None], tokens),
        kept=kept,
        whole=whole,
        keep=keep,
        deferred=None if deferred is None else deferred[:, :gamma] & drafted,
    )


def _bonus_law(
    q: Float[Array, "B V"],
    p: Float[Array, "B V"],
    m: Float[Array, "B V"] | Coupling,
    whole: Bool[Array, " B"],
) -> Float[Array, "B V"]:
    """The law of the extra token, read only where a block is `whole`.

    That of a coupling may cost a sort of the vocabulary, and waits for such a block.
    """
    if not isinstance(m, Coupling):
        return law(q, p, m)
    return jax.lax.cond(jnp.any(whole), lambda: law(q, p, m), lambda: p)


def _at_slot(x: Float[Array, "B C *rest"], slot: Int[Array, " B"]) -> jax.Array:
    index = slot.reshape(-1, *[1] * (x.ndim - 1))
    return jnp.take_along_axis(x, index, axis=1)[:, 0]
