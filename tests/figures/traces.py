"""A made-up comparison with every origin, and text that would break a careless page."""

from speccascade.traces import Comparison, Look, Origin, Step, Trace

WICKED = """</script><script>window.broken = 1</script> "quotes" & 'more' <i>"""


def step(number: int, origin: Origin, piece: str, **changes) -> Step:
    fields = {
        "round": 1 + number // 4,
        "position": number,
        "token": number,
        "piece": piece,
        "origin": origin,
        "why": f"max q 0.{number} < max p 0.9: asks the target",
        "q": Look(x=0.25, top=0.5, top_piece=" the"),
        "p": Look(x=0.125, top=0.75, top_piece="</script>"),
    }
    return Step(**(fields | changes))


def comparison() -> Comparison:
    """Two methods and a given answer."""
    origins = [one for one in Origin if one is not Origin.GIVEN]
    steps = tuple(
        step(number, origin, f" piece{number}") for number, origin in enumerate(origins)
    )
    long = tuple(
        step(number, Origin.ACCEPTED, " word" if number % 9 else "\n", keep=1.0, u=0.5)
        for number in range(120)
    )
    wicked = step(120, Origin.REJECTED, WICKED)
    counters = dict(
        target_calls=4,
        drafter_calls=8,
        drafted=6,
        accepted=3,
        resampled=1,
        bonus=1,
        alone=0,
        deferred=None,
        prefills=2,
    )
    given = tuple(
        step(number, Origin.GIVEN, piece, q=None, p=Look(x=x, top=0.6, top_piece=" a"))
        for number, (piece, x) in enumerate([(" Buzz", 0.6), (" Aldrin", 0.1)])
    )
    return Comparison(
        title="example of tests",
        prompt=WICKED,
        reference=WICKED,
        facts={"pair": "none", "temperature": "1"},
        traces=(
            _trace("lossless", None, steps, counters),
            _trace("opt", float("-inf"), (*long, wicked), counters),
        ),
        forced=(_trace("forced", None, given, {}),),
        forced_note="Teacher-forced: made up",
    )


def _trace(method, threshold, steps, counters) -> Trace:
    return Trace(
        method=method,
        label=f"Label of {method}",
        threshold=threshold,
        steps=steps,
        answer="an answer",
        counters=counters,
    )
