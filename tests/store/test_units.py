"""Cutting rows into units: fixed shapes, and changes that stay local."""

import pytest

from speccascade.store import Coordinates, plan_units

HALF, ONE = Coordinates(threshold=0.5), Coordinates(threshold=1.0, seed=3)


def ids(units):
    return [unit.id for unit in units]


def test_rows_are_cut_by_bucket_in_the_stored_order(make_examples):
    units = plan_units(make_examples(11, buckets=(80, 40)), [HALF], 4)
    assert [(unit.bucket, unit.index) for unit in units] == [
        (40, 0),
        (40, 1),
        (80, 0),
        (80, 1),
    ]
    members = [[one.id for one in unit.examples] for unit in units]
    assert members == [[1, 3, 5, 7], [9], [0, 2, 4, 6], [8, 10]]


def test_a_new_threshold_only_adds_units(make_examples):
    examples = make_examples(11, buckets=(40, 80))
    before = plan_units(examples, [HALF], 4)
    after = plan_units(examples, [ONE, HALF], 4)
    assert set(ids(before)) < set(ids(after))
    assert len(after) == 2 * len(before)


def test_a_longer_list_changes_only_the_last_unit_of_each_bucket(make_examples):
    before = plan_units(make_examples(11, buckets=(40, 80)), [HALF], 4)
    after = plan_units(make_examples(30, buckets=(40, 80)), [HALF], 4)
    gone = [unit for unit in before if unit.id not in ids(after)]
    assert [(unit.bucket, unit.index) for unit in gone] == [(40, 1), (80, 1)]


def test_an_id_names_everything_that_identifies_the_unit(make_examples):
    base = plan_units(make_examples(4), [HALF], 4)
    variants = [
        plan_units(make_examples(4, text="b"), [HALF], 4),
        plan_units(make_examples(3), [HALF], 4),
        plan_units(make_examples(4, buckets=(80,)), [HALF], 4),
        *(
            plan_units(make_examples(4), [Coordinates(threshold=0.5, **change)], 4)
            for change in (
                {"seed": 1},
                {"temperature": 0.5},
                {"top_k": 1},
                {"top_p": 0.5},
                {"min_p": 0.5},
            )
        ),
        plan_units(make_examples(4), [Coordinates(threshold=None)], 4),
    ]
    names = [ids(plan)[0] for plan in [base, *variants]]
    assert len(set(names)) == len(names)
    assert names[0].startswith(
        "bucket=40,threshold=0.5,temperature=1.0,top_k=0,top_p=1.0,min_p=0.0,seed=0,"
        "index=0,members="
    )


def test_what_is_named_twice_is_refused(make_examples):
    examples = make_examples(3)
    with pytest.raises(ValueError, match="twice"):
        plan_units([*examples, examples[0]], [HALF], 4)
    with pytest.raises(ValueError, match="twice"):
        plan_units(examples, [HALF, Coordinates(threshold=0.5)], 4)
