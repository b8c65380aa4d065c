"""A profile on disk: read back as it was, and found where it belongs."""

import pytest

from speccascade.errors import UserError
from speccascade.latency import HostProfile, find_profile, save_profile

HERE = ("a-host", "cpu (2 cores)")
PAIR = {"drafter_sha256": "d", "target_sha256": "t"}


def test_a_profile_is_read_back_as_it_was_written(make_profile):
    profile = make_profile()
    assert HostProfile.from_json(profile.to_json()) == profile
    assert profile.engine[0].of_ideal == pytest.approx(0.8)
    assert profile.engine[0].speedup == pytest.approx(1.25)


def test_this_machine_has_precedence_and_then_the_newest(tmp_path, make_profile):
    assert find_profile(tmp_path, "pair", "task", PAIR, HERE) is None
    own = make_profile()
    old = make_profile(host="b-host", date="2026-03-01T00:00:00+00:00")
    new = make_profile(host="c-host", date="2026-04-01T00:00:00+00:00")
    for one in (own, old, new):
        path = save_profile(tmp_path, "pair", "task", one)
        assert path.parent == tmp_path / "pair" / "task"
    assert find_profile(tmp_path, "pair", "task", PAIR, HERE) == own
    elsewhere = ("d-host", "cpu (2 cores)")
    assert find_profile(tmp_path, "pair", "task", PAIR, elsewhere) == new


def test_a_second_profile_of_a_machine_takes_the_place_of_the_first(
    tmp_path, make_profile
):
    save_profile(tmp_path, "pair", "task", make_profile())
    later = make_profile(load=3.0)
    save_profile(tmp_path, "pair", "task", later)
    assert find_profile(tmp_path, "pair", "task", PAIR, HERE) == later
    assert len(list((tmp_path / "pair" / "task").iterdir())) == 1


def test_a_profile_of_other_weights_does_not_count(tmp_path, make_profile):
    save_profile(tmp_path, "pair", "task", make_profile())
    other = PAIR | {"target_sha256": "another"}
    assert find_profile(tmp_path, "pair", "task", other, HERE) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"components": 3}'])
def test_a_file_that_is_no_profile_is_one_sentence(tmp_path, text):
    folder = tmp_path / "pair" / "task"
    folder.mkdir(parents=True)
    (folder / "profile-x.json").write_text(text)
    with pytest.raises(UserError, match=r"profile-x\.json .*`speccascade bench`"):
        find_profile(tmp_path, "pair", "task", PAIR, HERE)
