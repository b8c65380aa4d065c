"""The run directory: what counts as there, and what bad files and disks do."""

import dataclasses
import errno
import os

import pytest
import yaml

from speccascade.errors import UserError
from speccascade.store import (
    RESULTS_VERSION,
    Coordinates,
    RunDirectory,
    find_runs,
    plan_units,
)
from speccascade.store import files as store_files

HALF = Coordinates(threshold=0.5)


@pytest.fixture
def plan(make_examples):
    return plan_units(make_examples(10), [HALF, Coordinates(threshold=1.0)], 4)


@pytest.fixture
def filled(run, plan, make_unit):
    for unit in plan:
        run.append_unit(make_unit(unit))
    return run


def records_file(run):
    (path,) = run.path.glob("records-*.jsonl")
    return path


def again(run):
    """Another process on the same run."""
    return RunDirectory.load(run.path)


def test_the_folder_is_named_by_pair_task_method_and_key(run, tmp_path):
    assert run.path.relative_to(tmp_path).parts[:3] == ("pair", "task", "opt")
    assert len(run.path.name) == 12 and run.method == "opt"
    assert sorted(path.name for path in run.path.iterdir()) == ["config.yaml"]
    assert [found.path for found in find_runs(tmp_path)] == [run.path]


def test_config_yaml_holds_the_identity(tmp_path):
    arguments = (tmp_path, "pair", "task", "opt", {"cap": float("inf"), "b": (1, 2)})
    run = RunDirectory.open(*arguments)
    config = yaml.safe_load((run.path / "config.yaml").read_text("utf-8"))
    assert config["identity"] == {
        "cap": "inf",
        "b": [1, 2],
        "results_version": RESULTS_VERSION,
    }
    assert RunDirectory.load(run.path).identity == config["identity"]


def test_an_edited_config_is_noticed(run):
    path = run.path / "config.yaml"
    path.write_text(path.read_text().replace("gamma: 5", "gamma: 7"))
    with pytest.raises(UserError, match="does not belong"):
        RunDirectory.load(run.path)
    path.write_text("[")
    with pytest.raises(UserError, match="cannot be read"):
        RunDirectory.load(run.path)
    path.unlink()
    with pytest.raises(UserError, match="holds no run"):
        RunDirectory.load(run.path)


@pytest.mark.parametrize("name", ["", "..", "a/b"])
def test_a_name_that_cannot_name_a_folder_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="results folder"):
        RunDirectory.open(tmp_path, "pair", name, "opt", {})


def test_what_was_appended_is_read_back_in_order(filled, plan, make_unit):
    expected = [record for unit in plan for record in make_unit(unit)]
    assert list(again(filled).records()) == expected
    assert again(filled).missing_units(plan) == []


def test_each_process_writes_files_of_its_own(filled, plan, make_unit):
    other = again(filled)
    other.append_unit(make_unit(plan[0]))
    other.close()
    other.append_unit(make_unit(plan[1]))
    names = [path.name for path in filled.path.glob("records-*.jsonl")]
    assert len(set(names)) == 3
    assert all(f"-{os.getpid()}-" in name for name in names)
    assert len(list(filled.records())) == 20


def test_a_forked_child_starts_a_file_of_its_own(filled, plan, make_unit, monkeypatch):
    pid = os.getpid()
    monkeypatch.setattr(store_files.os, "getpid", lambda: pid + 1)
    filled.append_unit(make_unit(plan[0]))
    assert len(list(filled.path.glob("records-*.jsonl"))) == 2


@pytest.mark.parametrize("cut", [1, 40, 700])
def test_a_torn_last_line_is_ignored_and_its_unit_redone(filled, plan, make_unit, cut):
    path = records_file(filled)
    path.write_bytes(path.read_bytes()[:-cut])
    other = again(filled)
    assert other.missing_units(plan) == plan[-1:]
    assert other.status().incomplete == ((plan[-1].id,) if cut < 700 else ())
    assert len(list(other.records())) == 18
    other.append_unit(make_unit(plan[-1]))
    assert again(filled).missing_units(plan) == []
    assert len(list(other.records())) == 20


def test_an_unreadable_last_line_is_ignored_even_with_its_newline(filled, plan):
    path = records_file(filled)
    with path.open("ab") as file:
        file.write(b"\0\0\0\0\n")
    assert again(filled).missing_units(plan) == []


@pytest.mark.parametrize("damage", [b"{}", b"\xff", b'{"unit": 3', b"", b"[1]"])
def test_a_corrupted_line_that_is_not_the_last_names_file_and_line(filled, damage):
    path = records_file(filled)
    lines = path.read_bytes().split(b"\n")
    lines[2] = damage
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(
        UserError, match=r"Line 3 of .*records-.*jsonl.*delete"
    ) as caught:
        list(again(filled).records())
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_deleted_line_makes_its_unit_be_redone(filled, plan):
    path = records_file(filled)
    lines = path.read_bytes().split(b"\n")
    del lines[1]
    path.write_bytes(b"\n".join(lines))
    assert again(filled).missing_units(plan) == plan[:1]
    assert again(filled).status().incomplete == (plan[0].id,)
    assert len(list(again(filled).records())) == 16


def test_of_copies_that_differ_the_first_file_counts_and_status_says_so(
    run, plan, make_unit
):
    unit = plan[0]
    for name, text in (("b", "zwei"), ("a", "eins"), ("c", "drei")):
        lines = [one.to_line() for one in make_unit(unit, prediction=text)]
        (run.path / f"records-{name}.jsonl").write_text("".join(lines))
    assert {record.prediction for record in run.records()} == {"eins"}
    assert run.status().differing == (unit.id,)
    assert run.status().rows == len(unit)


def test_an_incomplete_copy_in_the_first_file_does_not_hide_a_complete_one(
    run, plan, make_unit
):
    for name, count in (("a", 3), ("b", 4)):
        lines = [one.to_line() for one in make_unit(plan[0], prediction=name)]
        (run.path / f"records-{name}.jsonl").write_text("".join(lines[:count]))
    assert {record.prediction for record in run.records()} == {"b"}
    assert run.status().differing == () and run.status().incomplete == ()


def test_rows_in_a_short_and_a_full_unit_count_once(run, make_examples, make_unit):
    short = plan_units(make_examples(6), [HALF], 4)
    longer = plan_units(make_examples(11), [HALF], 4)
    for unit in short:
        run.append_unit(make_unit(unit, prediction="kurz"))
    assert run.missing_units(longer) == longer[1:]
    for unit in longer[1:]:
        run.append_unit(make_unit(unit, prediction="lang"))
    found = list(run.records())
    assert [record.example for record in found] == list(range(11))
    # The fuller unit counts, whatever the names of the files.
    assert [record.prediction for record in found] == ["kurz"] * 4 + ["lang"] * 7
    assert run.status().differing == tuple(sorted({short[1].id, longer[1].id}))
    # And the shorter list is still done, row by row.
    assert run.missing_units(short) == []


def test_a_changed_example_makes_its_unit_be_redone(
    filled, plan, make_examples, make_unit
):
    examples = make_examples(10)
    examples[5] = dataclasses.replace(examples[5], sha256="another text")
    changed = plan_units(examples, [HALF, Coordinates(threshold=1.0)], 4)
    missing = filled.missing_units(changed)
    assert [unit.index for unit in missing] == [1, 1]
    for unit in missing:
        filled.append_unit(make_unit(unit, prediction="neu"))
    assert filled.missing_units(changed) == []
    current = {one.id: one.sha256 for one in examples}
    found = list(filled.records(current))
    assert len(found) == 20
    assert {one.prediction for one in found if one.example == 5} == {"neu"}
    with pytest.raises(UserError, match="Example 5 is stored with two"):
        list(filled.records())
    assert filled.status().stale == (5,)
    assert {one.example for one in filled.records({3: "a3"})} == {3}


@pytest.mark.parametrize("fault", ["missing", "double", "mixed", "empty"])
def test_what_is_not_one_whole_unit_is_refused(run, plan, make_unit, fault):
    rows = make_unit(plan[0])
    rows = {
        "missing": rows[1:],
        "double": [rows[0], *rows[:-1]],
        "mixed": rows[:-1] + make_unit(plan[1])[-1:],
        "empty": [],
    }[fault]
    with pytest.raises(ValueError):
        run.append_unit(rows)
    assert list(run.path.glob("records-*")) == []


def test_hidden_folders_are_no_runs(run, tmp_path):
    logs = tmp_path / ".hydra-logs" / "sweeps" / "0-opt" / ".hydra"
    logs.mkdir(parents=True)
    (logs / "config.yaml").write_text("method: opt\n")
    assert [found.path for found in find_runs(tmp_path)] == [run.path]


def test_a_full_disk_is_one_sentence_and_loses_nothing(
    filled, plan, make_unit, monkeypatch
):
    more = plan_units([*plan[0].examples], [Coordinates(threshold=9.0)], 4)
    filled.close()
    with monkeypatch.context() as patch:
        opened = os.open
        patch.setattr(
            store_files.os,
            "open",
            lambda path, flags, mode=0o777: opened(
                "/dev/full" if str(path).endswith(".jsonl") else path,
                flags & ~os.O_CREAT & ~os.O_EXCL,
                mode,
            ),
        )
        with pytest.raises(UserError, match=r"disk is full.*free some space") as caught:
            filled.append_unit(make_unit(more[0]))
        assert "\n" not in str(caught.value)
    assert filled.missing_units(plan + more) == more
    filled.append_unit(make_unit(more[0]))
    assert filled.missing_units(plan + more) == []


@pytest.mark.parametrize("written", [0, 5, 700])
def test_a_disk_that_fills_within_a_unit_leaves_a_readable_run(
    filled, plan, make_unit, monkeypatch, written
):
    more = plan_units([*plan[0].examples], [Coordinates(threshold=9.0)], 4)
    write, left = os.write, [written]

    def fills(descriptor, data):
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = write(descriptor, bytes(data[: left[0]]))
        left[0] -= done
        return done

    with monkeypatch.context() as patch:
        patch.setattr(store_files.os, "write", fills)
        with pytest.raises(UserError, match="disk is full"):
            filled.append_unit(make_unit(more[0]))
        with pytest.raises(UserError, match="disk is full"):
            filled.write_summary({})
    assert not list(filled.path.glob("*summary*"))
    assert filled.missing_units(plan + more) == more
    # The same process may go on: it does not write behind the torn line.
    filled.append_unit(make_unit(more[0]))
    assert filled.missing_units(plan + more) == []


def test_an_unwritable_root_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"Cannot use .*choose another results root"):
        RunDirectory.open(tmp_path / "file", "pair", "task", "opt", {})

    # The tests may run as root, whom permissions do not stop.
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(store_files.os, "open", refuse)
    with pytest.raises(UserError, match=r"Permission denied.*make its folder writable"):
        RunDirectory.open(tmp_path, "pair", "task", "opt", {})


def test_timings_are_read_once_each_and_by_machine(run, make_timing):
    run.append_latency([make_timing(0), make_timing(1), make_timing(1, host="b")])
    other = again(run)
    other.append_latency([make_timing(1), make_timing(1, repeat=1)])
    found = [(one.host, one.example, one.repeat) for one in run.latency()]
    assert found == [("a", 0, 0), ("a", 1, 0), ("a", 1, 1), ("b", 1, 0)]
    assert run.status().timings == 4
    assert run.status().hosts == (("a", "cpu"), ("b", "cpu"))


def test_status_counts_rows_units_and_the_summary(filled, plan):
    status = filled.status()
    assert (status.rows, status.units, status.has_summary) == (20, len(plan), False)
    filled.write_summary({})
    assert filled.status().has_summary


def test_stretches_of_computing_add_up_over_processes_and_survive_a_torn_line(run):
    assert run.spent() == 0
    run.append_spent("decoding", 1.5)
    other = again(run)
    other.append_spent("timing", 2.25)
    (torn,) = (
        path for path in run.path.glob("spent-*") if b"decoding" in path.read_bytes()
    )
    torn.write_bytes(torn.read_bytes() + b'{"phase": "dec')
    assert run.spent() == 3.75
    assert again(run).status().spent == 3.75
