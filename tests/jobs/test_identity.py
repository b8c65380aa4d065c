"""What the run key hashes about a job."""

import dataclasses

import pytest

from speccascade.jobs.loaded import identity_of
from speccascade.jobs.method import MethodSpec
from speccascade.rules import Rule
from speccascade.rules.chow import Chow
from tests.jobs import tiny


@dataclasses.dataclass(frozen=True, kw_only=True)
class One(Chow):
    name = "mine"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Other(Chow):
    name = "mine"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Impostor(Chow):
    """Has the name of a rule that ships."""


def execution_of(folder, rule: str | Rule) -> dict:
    method = MethodSpec(name="m", kind="speculative", rule=rule, thresholds=(0.5,))
    return identity_of(tiny.job(folder, method=method))["execution"]


def test_two_rules_of_ones_own_with_one_name_have_two_identities(tmp_path):
    one, other = (execution_of(tmp_path, rule) for rule in (One(), Other()))
    assert one != other
    assert one["rule_class"].endswith("test_identity.One")


def test_a_rule_with_the_name_of_one_that_ships_has_an_identity_of_its_own(tmp_path):
    assert execution_of(tmp_path, Impostor()) != execution_of(tmp_path, "chow")


def test_a_rule_that_ships_is_known_by_name_and_fields_alone(tmp_path):
    by_name = execution_of(tmp_path, "chow")
    assert by_name == execution_of(tmp_path, Chow())
    assert by_name == {
        "kind": "speculative",
        "rule": "chow",
        "rule_fields": {},
        "gamma": 5,
        "gate": "untempered",
        "bonus": "law",
    }


@pytest.mark.parametrize(
    ("kind", "rule", "field", "value", "others"),
    [
        ("token_cascade", "chow", "cap", None, {}),
        ("sequence_cascade", "chow", "score", "mean", {}),
        ("sequence_cascade", "chow", "quantile", 0.25, {"score": "quantile"}),
        ("bild", "bild", "fallback", 0.75, {}),
        ("bild", "bild", "gamma", 9, {}),
        ("oracle_cascade", "opt", "gate", "processed", {}),
    ],
)
def test_a_field_that_a_kind_reads_is_part_of_its_identity(
    tmp_path, kind, rule, field, value, others
):
    def identity(**fields):
        fields = {"name": "m", "kind": kind, "rule": rule, **others, **fields}
        method = MethodSpec(thresholds=(0.5,), **fields)
        return identity_of(tiny.job(tmp_path, method=method))["execution"]

    changed = identity(**{field: value})
    assert changed == identity() | {field: value} != identity()
    # What it does not read, it does not hash.
    assert identity(bonus="target") == identity()
    if not others:
        assert identity(quantile=0.9) == identity()


def test_drafts_of_fixed_length_have_the_identity_that_they_always_had(tmp_path):
    def identity(**fields):
        method = MethodSpec(
            name="m", kind="speculative", rule="chow", thresholds=(0.5,), **fields
        )
        return identity_of(tiny.job(tmp_path, method=method))["execution"]

    fixed = identity(fallback=0.25)
    assert fixed == identity(adaptive="never")
    by_rule = fixed | {"adaptive": "rule"}
    assert identity(adaptive="rule", fallback=0.25) == by_rule
    by_confidence = fixed | {"adaptive": "confidence", "fallback": 0.25}
    assert identity(adaptive="confidence", fallback=0.25) == by_confidence
