"""The self-test: it names what does not hold, and comes before any program."""

import pytest

from speccascade.errors import UserError
from speccascade.tasks.sandbox import Limits, client, probes


def test_each_protection_that_fails_is_named():
    for failing in probes.PROBES:

        def tried(program, tests, wall_s, failing=failing):
            if program == failing.program:
                return True, "passed"
            return good(program, tests, wall_s)

        assert failing.claim in (probes.first_that_fails(tried) or "")


def test_a_sandbox_that_holds_is_not_complained_of():
    assert probes.first_that_fails(good) is None


def test_a_sandbox_that_runs_nothing_is_refused():
    said = probes.first_that_fails(lambda *_: (False, "ended early"))
    assert said is not None
    assert "an ordinary program runs" in said
    assert "ended early" in said


def test_running_programs_in_this_process_would_be_found_out():
    """The acts themselves, without any guard: the file is deleted, the port reached."""

    def unguarded(program, tests, wall_s):
        if "victim" in program or "create_connection" in program:
            exec(program, {})
        return good(program, tests, wall_s)

    said = probes.first_that_fails(unguarded)
    assert said == "that files outside cannot be deleted does not hold"


def test_no_program_runs_where_the_sandbox_fails(monkeypatch):
    monkeypatch.setattr(client, "_run", lambda *_: client.Outcome(False, "ended early"))
    client.check.cache_clear()
    try:
        with pytest.raises(UserError, match="its sandbox fails: that an ordinary"):
            client.run("never", "run", Limits())
    finally:
        client.check.cache_clear()


def test_a_machine_without_unshare_is_told_what_is_needed(monkeypatch):
    monkeypatch.setattr(client, "_command", lambda root: ["no-such-command", root])
    with pytest.raises(UserError, match=r"no-such-command: No such file.*util-linux"):
        client._Warden()
    monkeypatch.setattr(client, "_command", lambda root: ["ls", "/nowhere"])
    with pytest.raises(UserError, match="cannot access '/nowhere'"):
        client._Warden()


def good(program, tests, wall_s):
    """What a sandbox that holds makes of the probes."""
    if program == probes.ORDINARY:
        return True, "passed"
    ends = {probe.program: probe.ends for probe in probes.PROBES}
    return False, ends.get(program) or "PermissionError"
