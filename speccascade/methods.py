"""The table of methods: which rule runs under which execution, and what it is called.

A method's threshold grid is configuration (`configs/method/NAME.yaml`), because grids
are chosen on validation data of a pair and a task.
"""

import dataclasses

from speccascade.engine.request import Kind, Score
from speccascade.sampling import Sweeps


@dataclasses.dataclass(frozen=True, kw_only=True)
class Method:
    """A row of the table.

    Attributes:
      name: in configurations and on disk.
      display_name: in figures and tables, as the paper writes it.
      kind: of the execution.
      rule: key in `rules.RULES`; None for one model alone. The method's file says where
        the rule's own fields differ from their defaults.
      sweeps: what its thresholds set: the rule's alpha, or a sampling value.
      score: of a sequence cascade.
    """

    name: str
    display_name: str
    kind: Kind
    rule: str | None = None
    sweeps: Sweeps = "alpha"
    score: Score = "probability"


def _speculative(name: str, display_name: str, rule: str = "") -> Method:
    """The rule's name is the method's unless it is given."""
    return Method(
        name=name, display_name=display_name, kind="speculative", rule=rule or name
    )


def _cascade(name: str, display_name: str, kind: Kind, rule: str) -> Method:
    return Method(name=name, display_name=display_name, kind=kind, rule=rule)


def _sequence(name: str, display_name: str, score: Score) -> Method:
    return Method(
        name=name,
        display_name=display_name,
        kind="sequence_cascade",
        rule="chow",
        score=score,
    )


def _sharpened(sweeps: Sweeps) -> tuple[Method, Method]:
    """The target at several values of a sampling setting, alone and speculated."""
    words = sweeps.replace("_", "-")
    target = Method(
        name=f"target_{sweeps}",
        display_name=f"Target [{words}]",
        kind="target",
        sweeps=sweeps,
    )
    lossless = Method(
        name=f"lossless_{sweeps}",
        display_name=f"Lossless [{words}]",
        kind="speculative",
        rule="lossless",
        sweeps=sweeps,
    )
    return target, lossless


def _fallbacks(*values: str) -> list[Method]:
    """The original BiLD at several confidences below which its drafter stops."""
    return [
        _cascade(
            f"bild_original_{value.replace('.', '')}", f"BiLD [{value}]", "bild", "bild"
        )
        for value in values
    ]


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(name="drafter", display_name="Drafter alone", kind="drafter"),
        Method(name="target", display_name="Target alone", kind="target"),
        _speculative("lossless", "SpecDecode [Lossless]"),
        _speculative(
            "lossless_adaptive", "SpecDecode [Lossless, adaptive]", "lossless"
        ),
        _speculative("lossy", "SpecDecode [Lossy]"),
        _speculative("lossy_star", "SpecDecode [Lossy*]"),
        _speculative("lossy_star_grid", "SpecDecode [Lossy*, grid]", "lossy_star"),
        _speculative("mentored", "SpecDecode [Mentored]"),
        _speculative("cactus", "SpecDecode [Cactus]"),
        _speculative("typical", "SpecDecode [Typical]"),
        _speculative("ensemble", "SpecDecode [Ensemble]"),
        _speculative("head_free_pass", "SpecDecode [HeadFreePass]"),
        _speculative("bild", "BiLD*"),
        _speculative("fuzzy", "SpecCascade [Fuzzy]"),
        _speculative("chow", "SpecCascade [Chow]"),
        _speculative("chow_adaptive", "SpecCascade [Chow, adaptive]", "chow"),
        _speculative("chow_log", "SpecCascade [ChowLog]"),
        _speculative("diff", "SpecCascade [Diff]"),
        _speculative("diff_log", "SpecCascade [DiffLog]"),
        _speculative("opt", "SpecCascade [OPT]"),
        _speculative("opt_log", "SpecCascade [OPTLog]"),
        _speculative("token_v1", "SpecCascade [TokenV1]"),
        _speculative("token_v2", "SpecCascade [TokenV2]"),
        _speculative("token_v3", "SpecCascade [TokenV3]"),
        _speculative("token_v3_redraw", "SpecCascade [V3, redraw]", "token_v3"),
        _speculative("token_l2", "SpecCascade [TokenL2]"),
        _speculative("token_drafter", "SpecCascade [TokenDrafter]"),
        _speculative("top_k_membership", "SpecCascade [TopK]"),
        _sequence("seq_chow", "SeqCascade [Chow]", "probability"),
        _sequence("seq_mean", "SeqCascade [Mean]", "mean"),
        _sequence("seq_quantile", "SeqCascade [Quantile]", "quantile"),
        _cascade("token_chow", "TokenCascade [Chow]", "token_cascade", "chow"),
        _cascade(
            "token_chow_log", "TokenCascade [ChowLog]", "token_cascade", "chow_log"
        ),
        _cascade("oracle_diff", "Oracle [Diff]", "oracle_cascade", "diff"),
        _cascade("oracle_diff_log", "Oracle [DiffLog]", "oracle_cascade", "diff_log"),
        _cascade("oracle_opt", "Oracle [OPT]", "oracle_cascade", "opt"),
        _cascade("bild_original", "BiLD", "bild", "bild"),
        *_fallbacks("0.1", "0.3", "0.5", "0.7", "0.9"),
        *_sharpened("temperature"),
        *_sharpened("top_k"),
        *_sharpened("top_p"),
        *_sharpened("min_p"),
    )
}


def display_name(name: str) -> str:
    """What figures call a method; a method of the user's own goes by its own name."""
    return METHODS[name].display_name if name in METHODS else name
