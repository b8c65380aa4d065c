"""The notebooks run from top to bottom in a kernel of their own, and show figures."""

import base64
from pathlib import Path

import jupytext
import nbclient
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_runs_and_shows_its_figures(path, tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel brings its own
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    notebook = jupytext.read(path)
    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()  # raises what a cell raises
    pictures = [
        base64.b64decode(output["data"]["image/png"])
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    shown = sum(
        "plt.show()" in cell.source and "interact" not in cell.source
        for cell in notebook.cells
    )
    assert shown and len(pictures) >= shown
    for number, picture in enumerate(pictures):
        assert picture.startswith(PNG)
        (tmp_path / f"{path.stem}-{number}.png").write_bytes(picture)
