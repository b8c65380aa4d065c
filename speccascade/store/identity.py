"""The key of a run: what makes results incomparable, hashed.

The caller composes the identity: weights and tokenizer of both models, the task's
recipe, every field of the rule and the execution but the threshold, gamma, gate, bonus,
precision, batch size and bucket lengths. Thresholds, temperatures, truncation, seeds
and example ids are coordinates of records and stay out of it.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from speccascade.store.encoding import plain

# Raised when the same identity would give other results than before: a change of the
# engine's randomness, of a rule's mathematics, of what a counter counts.
RESULTS_VERSION = 3
KEY_LENGTH = 12
_VERSION = "results_version"


def canonical_identity(identity: Mapping[str, Any]) -> dict[str, Any]:
    """The identity as it is hashed and stored: plain JSON values and the version.

    Raises:
      TypeError: a value that JSON has no form for.
      ValueError: a NaN, or another results version than this code's.
    """
    found = plain(identity)
    if found.setdefault(_VERSION, RESULTS_VERSION) != RESULTS_VERSION:
        raise ValueError(f"{_VERSION} is {found[_VERSION]}, not {RESULTS_VERSION}")
    return found


def run_key(identity: Mapping[str, Any]) -> str:
    """The first 12 hex digits of the SHA-256 of the canonical identity.

    Neither the order of keys nor the kind of sequence matters; 1 and 1.0 differ.

    Example:
        >>> run_key({"gamma": 5, "rule": "opt"}) == run_key({"rule": "opt", "gamma": 5})
        True
    """
    text = json.dumps(
        canonical_identity(identity),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]
