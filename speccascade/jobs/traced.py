"""One prompt, traced under several methods of one pair."""

import dataclasses
from collections.abc import Sequence

from speccascade.errors import require
from speccascade.jobs.loaded import LoadedJob
from speccascade.jobs.method import MethodSpec
from speccascade.jobs.spec import JobSpec
from speccascade.methods import display_name
from speccascade.traces import Comparison, Trace, record


def at_threshold(method: MethodSpec, threshold: float | None) -> MethodSpec:
    """The method at one threshold; None takes the one in the middle of its grid.

    A method without thresholds is left as it is.

    Raises:
      UserError: the threshold is out of the method's range.
    """
    grid = method.thresholds
    if grid == (None,):
        return method
    chosen = grid[len(grid) // 2] if threshold is None else threshold
    return dataclasses.replace(method, thresholds=(chosen,))


def compare(
    specs: Sequence[JobSpec], prompt: int | str, threshold: float | None
) -> Comparison:
    """One trace a job.

    Args:
      specs: jobs that differ in their method alone.
      prompt: the id of an example of the task, or a text for the task's prompt.
      threshold: of every method that has one; None: the middle of each one's grid.

    Raises:
      UserError: no method has a threshold and one is given, an execution cannot be
        watched, or what is asked for does not load.
    """
    require(bool(specs), "Name at least one method: method=lossless,opt")
    require(
        len({(one.pair, one.task) for one in specs}) == 1,
        "Methods are compared on one pair and one task: name one of each",
    )
    with_grid = [one.method.thresholds != (None,) for one in specs]
    require(
        threshold is None or any(with_grid),
        f"threshold = {threshold} has no use: none of the methods has a threshold",
    )
    jobs = [_loaded(one, prompt, threshold) for one in specs]
    spec, example = specs[0], jobs[0].examples[0]
    number = f", {spec.split} example {prompt}" if isinstance(prompt, int) else ""
    return Comparison(
        title=f"{spec.task.name}{number}",
        prompt=example.source,
        reference=example.reference or None,
        facts=_facts(spec, specs),
        traces=tuple(map(_traced, jobs)),
    )


def _loaded(spec: JobSpec, prompt: int | str, threshold: float | None) -> LoadedJob:
    one = dataclasses.replace(spec, method=at_threshold(spec.method, threshold))
    if isinstance(prompt, int):
        return LoadedJob.of_example(one, prompt)
    return LoadedJob.of_prompt(one, prompt)


def _traced(job: LoadedJob) -> Trace:
    spec, place = job.spec, job.coordinates[0]
    batch = job.batch(job.examples, place, batch_size=1)
    rows = batch[1]
    steps, counters = record(
        job.execution,
        job.watch(batch),
        job.pair.vocabulary,
        alpha=float(rows.alpha[0]),
        greedy=bool(rows.sampling.greedy[0]),
    )
    written = [step.token for step in steps if step.origin.stands]
    return Trace(
        method=spec.method.name,
        label=display_name(spec.method.name),
        threshold=place.threshold,
        steps=steps,
        answer=spec.task.decode_answer(job.pair.vocabulary, written),
        counters=counters,
    )


def _facts(spec: JobSpec, specs: Sequence[JobSpec]) -> dict[str, str]:
    """What all traces have in common, in words."""
    gammas = {one.method.gamma for one in specs if one.method.kind == "speculative"}
    sampling = spec.sampling
    facts = {"pair": spec.pair.name, "temperature": f"{sampling.temperature:g}"}
    for name in ("top_k", "top_p", "min_p"):
        value = getattr(sampling, name)
        if value != type(sampling).__dataclass_fields__[name].default:
            facts[name] = f"{value:g}"
    facts["seed"] = str(spec.seeds[0])
    if gammas:
        facts["gamma"] = ", ".join(map(str, sorted(gammas)))
    return facts
