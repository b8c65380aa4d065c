"""The formulas that the paper prints wrongly fail as printed, and hold as corrected."""

from speccascade.theory import as_printed


def test_every_misprint_fails_as_printed_and_holds_as_corrected():
    found = as_printed(seed=1)
    assert [one.place for one in found] == ["Lemma 3, proof", "App. A.5", "App. C.1"]
    for one in found:
        assert one.failing > 0.05 and one.largest > 0.1
        assert one.corrected <= 1e-12
