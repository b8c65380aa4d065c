"""`speccascade figures theory`: lemmas checked and drawn, without a store."""

import os
import sys
from pathlib import Path

from rich.console import Console

from speccascade.cli import compose
from speccascade.cli.guard import DEFECT, OK
from speccascade.figures.files import save_with
from speccascade.figures.theory import draw_theory, theory_csv
from speccascade.figures.theory_table import print_theory
from speccascade.theory import as_printed, check_all

NAME = "theory"


def draw(words: compose.Words) -> int:
    """Writes theory.pdf, .png and .csv to figures under paths.root; prints the table.

    Returns:
        1 if a lemma does not hold, or its wrong rule was not caught: a defect.
    """
    root = Path(os.path.expanduser(compose.one_job(words).paths.root))
    checks = check_all()
    print_theory(checks, as_printed(), Console(highlight=False))
    figure, numbers = draw_theory(checks), theory_csv(checks)
    for file in save_with(numbers, figure, root / "figures", NAME):
        print(os.path.relpath(file))
    failed = [one.name for one in checks if not one.holds]
    blind = [one.name for one in checks if not one.can_fail]
    for fault, names in (
        ("does not hold", failed),
        ("holds under a wrong rule too", blind),
    ):
        if names:
            print(f"speccascade: {fault}: {', '.join(names)}.", file=sys.stderr)
    return DEFECT if failed or blind else OK
