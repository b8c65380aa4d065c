"""Prompt lookup, written out: one history, plain Python."""

from collections.abc import Sequence


def proposal(history: Sequence[int], longest: int) -> int:
    """What followed the latest earlier place of the longest run that recurs."""
    history = list(history)
    for length in range(min(longest, len(history)), 0, -1):
        sought = history[-length:]
        for end in range(len(history) - 1, length - 1, -1):
            if history[end - length : end] == sought:
                return history[end]
    return history[-1]
