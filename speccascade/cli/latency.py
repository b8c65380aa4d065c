"""Which latency the verbs show: measured where there is any, else modelled."""

from collections.abc import Sequence

from speccascade.curves import Curve, agreement, one_machine
from speccascade.errors import UserError
from speccascade.jobs.modelled import modelled_curves, stored_profile
from speccascade.jobs.stored import StoredJob


def with_latency(
    name: str, jobs: Sequence[StoredJob], curves: list[Curve]
) -> list[Curve]:
    """The curves as they are drawn, saying where their latency is from.

    Points keep what was measured. Where nothing was and the store has a component
    profile of the pair, all are modelled, never some of them.

    Args:
      name: of the experiment.
      jobs: of one figure.
      curves: of these jobs, with measured latency or none.
    """
    profile = stored_profile(jobs[0].spec)
    machine = one_machine(curves)
    if profile is None or not curves:
        return curves
    try:
        modelled = modelled_curves(jobs, curves, profile)
    except UserError as error:
        print(f"{name}: no latency is modelled: {error}")
        return curves
    if machine is None:
        print(
            f"{name}: latency is modelled, by the component profile of {profile.host} "
            f"of {profile.date}"
        )
        return modelled
    same = machine == (profile.host, profile.device)
    if same and (found := agreement(curves, modelled)):
        print(f"{name}: {found}")
    return curves
