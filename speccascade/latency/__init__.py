"""Latency, measured and modelled, always at batch 1; docs/latency.md has both.

Counters say how often each model was called. How long that took is *measured*
(`timed`: warmed up, one process at a time on the host), or *modelled* from the counters
and what one call costs here (`modelled_seconds` with a `HostProfile`). Seconds of
either form carry the host that they are of, and neither hosts nor forms ever mix.
"""

from speccascade.latency.components import Components, profile_components
from speccascade.latency.measured import Timing, host_lock, this_host, timed
from speccascade.latency.modelled import (
    component_seconds,
    fitted_round_ms,
    modelled_seconds,
    rounds_of,
)
from speccascade.latency.profile import (
    EngineSpeed,
    HostProfile,
    RoundCost,
    find_profile,
    save_profile,
)

__all__ = [
    "Components",
    "EngineSpeed",
    "HostProfile",
    "RoundCost",
    "Timing",
    "component_seconds",
    "find_profile",
    "fitted_round_ms",
    "host_lock",
    "modelled_seconds",
    "profile_components",
    "rounds_of",
    "save_profile",
    "this_host",
    "timed",
]
