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
# # The curves of a sweep
#
# A sweep decodes the same sentences at every threshold of every rule. Here are the
# curves that ship with the project: the T5 pair, 500 sentences of English to German at
# temperature 1, 50 of them timed. Yours are the CSV files under `results/figures/NAME`,
# which `speccascade figures NAME` writes.

# %%
import matplotlib.pyplot as plt

from speccascade.checkpoints.paths import resolve
from speccascade.curves import read_published
from speccascade.figures.style import style_of

shipped = read_published(resolve("package:ende_docs.ende_docs.curves.csv"))
print(f"{len(shipped)} points; {shipped[0].setting}")

# %% [markdown]
# ## Quality against rejections, and against time
#
# Bars are 95 % intervals, by bootstrap over sentences. Models alone are levels on the
# left, since they draft nothing.


# %%
def draw(axis, method, cost):
    """One curve: BLEU over `cost` of a point; nothing where it is not defined."""
    points = [one.point for one in shipped if one.method == method]
    placed = [(cost(one), one.quality["bleu"]) for one in points if cost(one)]
    if not placed:
        return
    x = [at.value for at, _ in placed]
    y = [bleu.value for _, bleu in placed]
    spread = [
        [bleu.value - bleu.low for _, bleu in placed],
        [bleu.high - bleu.value for _, bleu in placed],
    ]
    style = style_of(method)
    look = {"color": style.colour, "marker": style.marker, "mfc": style.face, "ms": 5}
    axis.errorbar(x, y, spread, elinewidth=0.4, label=names[method], **look)


def rejections(point):
    return point.ratios["rejection_rate"]


def seconds(point):
    return point.latency and point.latency.relative_latency


names = {one.method: one.display_name for one in shipped}
figure, (left, right) = plt.subplots(
    1, 2, figsize=(12, 5), sharey=True, layout="constrained"
)
for method in sorted(names, key=lambda name: style_of(name).order):
    draw(left, method, rejections)
    draw(right, method, seconds)
for alone in ("target", "drafter"):
    (level,) = [one.point.quality["bleu"] for one in shipped if one.method == alone]
    left.axhline(level.value, color="#787878", ls="--", lw=0.8)
    left.annotate(names[alone], (0, level.value), fontsize=8, va="bottom")
left.set_xlabel("rejection rate")
right.set_xlabel("relative latency (target alone = 1)")
left.set_ylabel("BLEU")
right.legend(fontsize=7, ncols=2)
plt.show()

# %% [markdown]
# ## What a threshold does
#
# The same points, one rule, from the target's end to the drafter's: rejections fall,
# and quality rises before it falls, since a token rule sharpens what it follows.

# %%
points = [one.point for one in shipped if one.method == "token_v3"]
place = range(len(points))
figure, axes = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
for axis, label, values in (
    (axes[0], "BLEU", [one.quality["bleu"] for one in points]),
    (axes[1], "rejection rate", [one.ratios["rejection_rate"] for one in points]),
):
    axis.fill_between(
        place, [v.low for v in values], [v.high for v in values], alpha=0.2
    )
    axis.plot(place, [v.value for v in values], "o-")
    axis.set_xticks(place, [f"{one.threshold:.4g}" for one in points])
    axis.set_xlabel("threshold α of TokenV3")
    axis.set_ylabel(label)
plt.show()
