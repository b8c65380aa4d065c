"""Latency, measured: batch 1, warmed up, one process at a time on the host.

Counters say how often each model was called; only the functions here say how long that
took. Measured times carry the host they were taken on, and hosts never mix.
"""

from speccascade.latency.components import ComponentProfile, profile_components
from speccascade.latency.measured import Timing, host_lock, this_host, timed

__all__ = [
    "ComponentProfile",
    "Timing",
    "host_lock",
    "profile_components",
    "this_host",
    "timed",
]
