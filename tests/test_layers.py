"""The layers of the package: imports run downwards only, and modules stay small.

Read from the source with `ast`, so that nothing has to be imported, and imports inside
functions count as well.
"""

import ast
import functools
import graphlib
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "speccascade"

# From the bottom up. Parts of one layer may use one another, but not in a circle.
LAYERS = [
    {"errors", "files", "quiet"},
    {"numerics"},
    {"rules", "sampling"},
    {"models", "checkpoints"},
    {"engine", "methods"},
    {"tasks"},
    {"training", "latency", "traces"},
    {"store", "curves", "theory"},
    {"figures", "tracking"},
    {"jobs"},
    {"cli"},
]
LAYER_OF = {part: index for index, layer in enumerate(LAYERS) for part in layer}
# `import speccascade` gives the version and nothing else; `python -m` is the command.
LAYER_OF[""] = -1
LAYER_OF["__main__"] = len(LAYERS)

# Who may import what is meant for one part alone.
KEPT_TO = {
    "hydra": {"cli"},
    "plotly": {"tracking"},
    "wandb": {"tracking"},
    "seqio": {"tasks"},
    "tensorflow": {"tasks"},
    "tensorflow_text": {"tasks"},
}
# Imported through a package that is declared, and that could not do without it.
COMES_WITH = {"jaxlib": "jax", "tensorflow": "seqio"}

MAX_LINES = 500

MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]
every_module = pytest.mark.parametrize("path", MODULES, ids=NAMES)


def _dotted(path: Path) -> tuple[str, ...]:
    """speccascade/rules/chow.py -> ('speccascade', 'rules', 'chow')."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _part(dotted: tuple[str, ...]) -> str:
    """('speccascade', 'rules', 'chow') -> 'rules'; '' for the package itself."""
    return dotted[1] if len(dotted) > 1 else ""


def _names_a_part(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def _imports(path: Path) -> set[tuple[str, ...]]:
    """Every module that the file names in an import, absolute and dotted."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                here = _dotted(path)
                up = node.level - (path.name == "__init__.py")
                base = here[: len(here) - up] + base
            if base == ("speccascade",):
                # `from speccascade import rules` names a part,
                # `from speccascade import __version__` none.
                found |= {
                    (*base, alias.name) if _names_a_part(alias.name) else base
                    for alias in node.names
                }
            else:
                found.add(base)
    return found


def _own_imports(path: Path) -> set[str]:
    """The parts of speccascade that the file imports."""
    return {_part(name) for name in _imports(path) if name[0] == "speccascade"}


def _canonical(distribution: str) -> str:
    return re.sub("[-_.]+", "-", distribution).lower()


@functools.cache
def _givers() -> dict[str, list[str]]:
    """Which installed distributions bring a module: 'hydra' -> ['hydra-core']."""
    return dict(importlib.metadata.packages_distributions())


@every_module
def test_every_module_belongs_to_a_layer(path):
    assert _part(_dotted(path)) in LAYER_OF, "give it a place in LAYERS (design first)"


@every_module
def test_imports_run_downwards_only(path):
    own = _part(_dotted(path))
    above = {part for part in _own_imports(path) if LAYER_OF[part] > LAYER_OF[own]}
    assert not above, f"{own} must not import {sorted(above)}, which are above it"


def test_parts_of_one_layer_do_not_import_each_other_in_a_circle():
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        own = _part(_dotted(path))
        graph.setdefault(own, set()).update(_own_imports(path) - {own})
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, naming the circle


@every_module
def test_what_is_meant_for_one_part_is_imported_there_alone(path):
    own = _part(_dotted(path))
    wrong = {
        name[0] for name in _imports(path) if own not in KEPT_TO.get(name[0], {own})
    }
    assert not wrong, f"only {[KEPT_TO[name] for name in wrong]} may import {wrong}"


@every_module
def test_every_import_is_a_declared_dependency(path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {
        _canonical(re.split("[^A-Za-z0-9._-]", requirement)[0])
        for requirement in project["dependencies"]
    }
    undeclared = set()
    for name in {name[0] for name in _imports(path)}:
        if name == "speccascade" or name in sys.stdlib_module_names:
            continue
        name = COMES_WITH.get(name, name)
        givers = {_canonical(giver) for giver in _givers().get(name, [name])}
        if not givers & declared:
            undeclared.add(name)
    assert not undeclared, f"pyproject.toml does not name {sorted(undeclared)}"


@every_module
def test_no_module_is_longer_than_the_hard_limit(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_a_forbidden_import_would_be_noticed(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / "speccascade")
    folder = tmp_path / "speccascade" / "rules"
    folder.mkdir(parents=True)
    (tmp_path / "speccascade" / "cli").mkdir()
    for text in (
        "import speccascade.cli.main",
        "from speccascade.cli import main",
        "from speccascade import cli",
        "from ..cli import main",
        "def later():\n    from speccascade.cli import main",
    ):
        path = folder / "chow.py"
        path.write_text(text)
        assert _own_imports(path) == {"cli"}, text
