"""Checks of a few points each, as the figure and the command take them."""

import dataclasses

import numpy as np

from speccascade.theory import Check, Points


def points(label: str, scale: float = 1.0) -> Points:
    return Points(label=label, x=scale * np.arange(1.0, 4), y=0.5 * np.arange(1.0, 4))


def check(name: str, *drawn: Points, **fields) -> Check:
    values = {"violation": 0.0, "control": "another rule", "control_violation": 0.5}
    return Check(
        name=name, statement="a <= b", instances=1234, points=drawn, **values | fields
    )


def measured(label: str) -> tuple[Points, Points]:
    line = points("formula")
    return line, dataclasses.replace(line, label=label, low=line.y - 0.1, high=line.y)


CHECKS = (
    check("Lemma 3", points("chow"), points("opt")),
    check("Lemma 4", points("any rule"), points("opt"), points("diff")),
    check("Lemma 5", points("opt"), points("diff", 2), points("opt"), tightness=0.98),
    check("Lemma 7", points("opt_log"), tightness=0.4),
    check("Lemma 7, our half", points("opt_log", 0.5), tightness=0.8),
    check("Lemma 8", points("modes agree"), points("modes differ")),
    check("tokens per call"),
    check(
        "engine's calls",
        *measured("a = 1/3"),
        *measured("a = 1/2"),
        *measured("a = 1"),
        violation=1.5,
        allowed=4.5,
        control_violation=99.0,
        unit="s.e.",
    ),
)
