"""Speculative cascades in JAX: which of two language models writes the next token?

A *cascade* lets a small model answer where it may and a large one where it must;
*speculative decoding* makes the large model's text at nearly the small one's pace. A
*speculative cascade* does both at once: a deferral rule decides token by token whose
distribution to follow, and drafting and verifying follows it quickly. speccascade
states the rules as mathematics, runs all of them through one engine on T5 and Gemma,
sweeps their thresholds, measures time on your own machine, and draws quality against
latency. (It is not query routing: no request is sent to one model as a whole.)

"Narasimhan et al. (2025)" is the paper: H. Narasimhan, W. Jitkrittum, A. S. Rawat,
S. Kim, N. Gupta, A. K. Menon, S. Kumar, *Faster Cascades via Speculative Decoding*,
ICLR 2025, arXiv 2405.19261. Equations, algorithms, lemmas and figures are numbered as
in its version 2.

**Words.** The *drafter* is the small model, and the *target* is the large one; the word
means nothing else. A *rule* turns their two next-token distributions and a threshold,
alpha, into a *measure*; what the emitted tokens really follow is the *law*, which is
the measure wherever that sums to 1. A *method* is a rule and the way it is executed; a
*job* is one curve: a pair of models, a task, a method, sampling settings, and the
thresholds and seeds asked for.

**Letters.** In mathematical code, and only there, q is the drafter's distribution and p
the target's; elsewhere names begin with `draft_` and `target_`. Axes of arrays:

| axis | of what                       | axis | of what                   |
|------|-------------------------------|------|---------------------------|
| B    | rows of a batch               | L    | encoder positions         |
| G    | draft slots (the paper's γ)   | N    | attention heads           |
| V    | vocabulary                    | K    | key-value heads           |
| T    | decoder positions             | H    | width of a head           |
| S    | cache slots                   | D    | width of the model        |

(In a model's `score`, which no key-value heads concern, K is the number of tokens fed.)

Reading order, lowest layer first; imports run this way only: `numerics`; `rules`,
`sampling`; `models`, `checkpoints`; `engine`, `methods`; `tasks`; `training`,
`latency`; `store`, `curves`; `figures`, `tracking`; `jobs`; `cli`.
"""

__version__ = "0.1.0"
