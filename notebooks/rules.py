# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Deferral rules on two distributions
#
# The drafter draws the next token from $q$; the target has $p$ at the same place. A
# rule and its threshold $\alpha$ make the law $\pi$ that the output follows instead
# of $p$. A drafted token is thrown away with probability $\rho$: the nearer $\pi$ is
# to $q$, the rarer that is.

# %%
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from speccascade.figures.style import style_of
from speccascade.methods import display_name
from speccascade.rules import RULES, law, rejection_probability

TOKENS = ["the", "a", "this", "that", "one", "its", "all", "no"]
q = jnp.array([0.30, 0.25, 0.15, 0.10, 0.08, 0.06, 0.04, 0.02])
p = jnp.array([0.05, 0.45, 0.20, 0.02, 0.15, 0.08, 0.03, 0.02])

# %% [markdown]
# ## One rule, one threshold
#
# Everything that the engine does with a rule at one position, in three lines.


# %%
def step(rule, alpha):
    """The law of the output, and the probability of a rejection."""
    chosen, alpha = RULES[rule], jnp.float32(alpha)
    measure = chosen.measure(q, p, q, p, alpha, jnp.bool_(False))
    return law(q, p, measure), float(rejection_probability(q, measure))


pi, rho = step("token_v3", 0.6)
print("pi  =", np.round(pi, 3))
print(
    "rho =", round(rho, 3), " of plain speculation:", round(step("lossless", 0)[1], 3)
)

# %% [markdown]
# ## Move the threshold
#
# From left to right a rule defers less. Chow and Diff follow $p$ or $q$ for the whole
# position. The token rule keeps the drafter's share of each token that the target finds
# good enough, and hands the rest to $p$.


# %%
def show(rule, alpha, axis):
    """q, p and the law between them, token by token."""
    pi, rho = step(rule, alpha)
    place = np.arange(len(TOKENS))
    axis.bar(place - 0.28, q, 0.26, color="#5BB4E5", label="q, drafter")
    axis.bar(place, pi, 0.26, color="#8C1048", label="π, output")
    axis.bar(place + 0.28, p, 0.26, color="#787878", label="p, target")
    axis.set_xticks(place, TOKENS, rotation=45)
    axis.set_title(f"{display_name(rule)}, α = {alpha:g}: ρ = {rho:.2f}", fontsize=9)


rules, thresholds = ["chow", "diff", "token_v3"], [0.1, 0.6, 0.9]
figure, axes = plt.subplots(3, 3, figsize=(11, 8), sharey=True, layout="constrained")
for row, rule in zip(axes, rules, strict=True):
    for axis, alpha in zip(row, thresholds, strict=True):
        show(rule, alpha, axis)
axes[0, 0].legend()
plt.show()

# %% [markdown]
# With `ipywidgets` (`pip install 'speccascade[notebooks]'`) the threshold is a slider.

# %%
try:
    from ipywidgets import interact
except ImportError:
    print("no ipywidgets: the small multiples above show the same")
else:

    @interact(rule=sorted(RULES), alpha=(-1.0, 1.0, 0.05))
    def move(rule="token_v3", alpha=0.6):
        _, axis = plt.subplots(figsize=(7, 3))
        show(rule, alpha, axis)
        plt.show()


# %% [markdown]
# ## What a threshold buys
#
# Acceptance $1 - \rho$ against how far the output is from the target, $D_{TV}(\pi, p)$.
# By the triangle inequality nothing lies above the line from lossless to the drafter's
# end. Lossy and the rules for whole positions lie on it; token rules lie below, since
# they sharpen: that costs rejections, and what it buys is quality, which two
# distributions cannot show and a task can (the notebook of curves).

# %%
rules = ["lossy", "chow", "diff", "opt", "token_v1", "token_v2", "token_v3"]
names = {rule: display_name(rule) for rule in rules}
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
for rule in rules:
    low, high = np.clip(RULES[rule].alpha_range, -1, 2)
    found = [step(rule, alpha) for alpha in np.linspace(low, high, 61)[:-1]]
    distance = [float(jnp.abs(pi - p).sum() / 2) for pi, _ in found]
    look = {"color": style_of(rule).colour, "marker": style_of(rule).marker, "ms": 4}
    axis.plot(distance, [1 - rho for _, rho in found], label=names[rule], **look)
axis.plot(0, 1 - step("lossless", 0)[1], "k*", ms=12, label=display_name("lossless"))
axis.set_xlabel("distance of the output from the target, D_TV(π, p)")
axis.set_ylabel("acceptance, 1 − ρ")
axis.legend(fontsize=8)
plt.show()
