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
# # One answer, token by token
#
# The drafter proposes a block, the target verifies it, and a rule decides of each token
# whether it stands. `speccascade trace` plays the engine's own rounds and says of every
# token where it comes from and which numbers decided. Here is a word problem that the
# small models were trained on; `prompt='...'` in place of `example=0` takes a text of
# yours.

# %%
import json

import matplotlib.pyplot as plt

from speccascade.cli.main import main

METHODS = "lossless,opt,token_v3"
main(
    [
        "trace",
        "pair=mini_suite",
        "task=word_problems",
        "example=0",
        f"method={METHODS}",
        "json=trace.json",
    ]
)
with open("trace.json", encoding="utf-8") as file:
    found = json.load(file)

# %% [markdown]
# ## What the two models say of each proposal
#
# Bars are the probabilities of the token at its place, under the drafter (q) and under
# the target (p). A token in brackets was thrown away.

# %%
COLOURS = {"accepted": "#56b4e9", "resampled": "#d55e00", "bonus": "#009e73"}
figure, axes = plt.subplots(
    len(found["traces"]), 1, figsize=(12, 7), sharey=True, layout="constrained"
)
for axis, trace in zip(axes, found["traces"], strict=True):
    steps = trace["steps"][:32]
    place = range(len(steps))
    for side, shift in (("q", -0.2), ("p", 0.2)):
        height = [(step[side] or {"x": 0.0})["x"] for step in steps]
        colours = [COLOURS.get(step["origin"], "#c8c8c8") for step in steps]
        filled = {"color": colours} if side == "q" else {"fc": "none", "ec": colours}
        axis.bar([one + shift for one in place], height, 0.4, **filled)
    pieces = [step["piece"].replace("$", r"\$").strip() or "·" for step in steps]
    thrown = [step["origin"] in ("rejected", "dropped") for step in steps]
    axis.set_xticks(
        place,
        [f"({one})" if out else one for one, out in zip(pieces, thrown, strict=True)],
        rotation=60,
        fontsize=7,
    )
    calls = trace["counters"]["target_calls"]
    axis.set_title(f"{trace['label']}: {calls} calls of the target", loc="left")
    axis.set_ylabel("q filled, p outlined")
plt.show()

# %% [markdown]
# ## Why
#
# The sentence of every token that was not simply kept.

# %%
for trace in found["traces"]:
    print(trace["label"], "\n ", trace["answer"])
    for step in trace["steps"]:
        if step["origin"] != "accepted":
            print(f"  {step['piece']!r:14} {step['origin']:10} {step['why']}")
