"""Fields of a configuration that the caller gives in place of the checkpoint's."""

import dataclasses
from collections.abc import Mapping

from speccascade.errors import UserError


def check_overrides(kind: type, overrides: Mapping[str, object]) -> None:
    """Refuses what is no field.

    Args:
      kind: dataclass of the configuration.
      overrides: values by field.

    Raises:
      UserError: names the fields that there are.
    """
    known = [field.name for field in dataclasses.fields(kind)]
    if unknown := sorted(overrides.keys() - set(known)):
        raise UserError(
            f"A {kind.__name__} has no {', '.join(unknown)}; it has {', '.join(known)}."
        )
