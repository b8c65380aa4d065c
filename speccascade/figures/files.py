"""Writing a figure: vector, picture and the numbers, byte for byte repeatable."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from speccascade.errors import UserError
from speccascade.figures.series import to_csv
from speccascade.figures.style import PAPER
from speccascade.figures.tradeoff import TradeoffFigure

__all__ = ["save", "save_with", "write"]

PNG_DPI = 200
# Dates and versions would make two drawings of the same numbers differ.
_NO_PDF_DATES = {"CreationDate": None, "ModDate": None, "Producer": None}
_NO_PNG_TEXT = {"Software": None}


def save(figure: TradeoffFigure, folder: Path, name: str) -> list[Path]:
    """Writes NAME.pdf, NAME.png and NAME.csv (exactly what is drawn) into `folder`.

    The same series and settings give the same bytes. Raises UserError where `folder`
    cannot be written.
    """
    return save_with(to_csv(figure.series), figure, folder, name)


def save_with(csv: str, figure: Figure, folder: Path, name: str) -> list[Path]:
    """`save` of a figure whose numbers are the text `csv`."""
    folder = Path(folder)
    files = [folder / f"{name}{end}" for end in (".pdf", ".png", ".csv")]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context(PAPER):
            figure.savefig(files[0], metadata=_NO_PDF_DATES)
            figure.savefig(files[1], dpi=PNG_DPI, metadata=_NO_PNG_TEXT)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return [*files[:2], write(files[2], csv)]


def write(path: Path, text: str) -> Path:
    """Writes one text file and returns its path; UserError where it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    return path


def _unwritable(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"cannot write figures to {folder}: {error.strerror or error}; "
        "free some space or name another folder."
    )
