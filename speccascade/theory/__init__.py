"""The paper's section on theory, checked on made-up P, q and p.

Each file states one result of Narasimhan et al. (2025) and tries to break it:

| file | result | statement |
|---|---|---|
| `rejection.py` | Lemma 3 | P(draft rejected) = r D_TV(p, q) |
| `optimum.py` | Lemma 4 | r* = 1 iff E l(q) > E l(p) + alpha D_TV minimises Eq. (8) |
| `regret.py` | Lemma 5 | regret of OPT <= max abs(P - q) + max abs(P - p) |
| `regret.py` | Lemma 7 | regret of OPTLog <= B_q sum abs(P - q) + B_p sum abs(P - p) |
| `greedy.py` | Lemma 8 | as T falls to 0, OPT becomes Diff |
| `calls.py` | tokens per call | (1 - a^(gamma+1)) / (1 - a), of constant acceptance a |

P is what the next token really follows, q the drafter and p the target model; a
*prefix* is one triple of them. Rules, verification, sampling and engine are those that
decode: nothing of theirs is written a second time here. All is float64, but for the
engine's runs in `simulation.py`.

A check that cannot fail shows nothing, so each also measures how far a wrong rule in
the right one's place breaks the same statement; `misprints.py` does the same with three
formulas that the paper prints wrongly.
"""

from speccascade.theory.check import Check, Points
from speccascade.theory.experiment import check_all
from speccascade.theory.misprints import Misprint, as_printed

__all__ = ["Check", "Misprint", "Points", "as_printed", "check_all"]
