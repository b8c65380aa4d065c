"""Rules are found by name; thresholds out of range are refused in one sentence."""

import pytest

from speccascade.errors import UserError
from speccascade.rules import ALIASES, RULES, check_alpha, get_rule


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_found_under_its_own_name_and_is_hashable(name):
    rule = get_rule(name)
    assert rule.name == name
    assert hash(rule) == hash(type(rule)())
    assert rule == type(rule)()
    assert rule.gates <= {"q", "p"}


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_an_alias_is_the_rule_itself(alias, name):
    assert get_rule(alias) is RULES[name]
    assert alias not in RULES


def test_rules_of_different_kinds_are_not_equal():
    # As static arguments of one compiled function they must not share a program.
    assert len(set(RULES.values())) == len(RULES) == 22


def plain(formula):
    """Letters and signs: LaTeX and docstrings differ in their brackets and slashes."""
    words = formula.replace("mathrm", "").replace("epsilon", "eps")
    return "".join(one for one in words if one.isalnum() or one in "<>+-^")


@pytest.mark.parametrize("name", RULES)
def test_a_rule_states_its_condition_as_its_docstring_does(name):
    rule = get_rule(name)
    first = str(type(rule).__doc__).split("\n\n")[0].replace("\n", " ")
    if " iff " not in first:
        assert rule.condition == ""
        return
    assert plain(first.split(" iff ")[1]).startswith(plain(rule.condition))
    assert rule.formula


def test_an_unknown_name_raises_with_the_known_ones():
    with pytest.raises(UserError, match=r"no rule 'chaw'.*chow.*cactus\.$"):
        get_rule("chaw")


@pytest.mark.parametrize("name", RULES)
def test_both_ends_of_the_range_are_allowed(name):
    rule = get_rule(name)
    for alpha in rule.alpha_range:
        check_alpha(rule, alpha)


@pytest.mark.parametrize(
    ("name", "alpha", "message"),
    [
        (
            "chow",
            1.5,
            "The threshold of rule 'chow' runs from -1 (lossless) to 1 (drafter "
            "alone); alpha = 1.5 lies outside.",
        ),
        (
            "bild",
            float("-inf"),
            "The threshold of rule 'bild' runs from -1 (lossless) to inf (drafter "
            "alone); alpha = -inf lies outside.",
        ),
        (
            "opt",
            float("nan"),
            "The threshold of rule 'opt' runs from -inf (lossless) to inf (drafter "
            "alone); alpha = nan lies outside.",
        ),
        ("lossless", 0.5, "Rule 'lossless' has no threshold; its alpha is 0, not 0.5."),
    ],
)
def test_a_threshold_outside_the_range_is_refused(name, alpha, message):
    with pytest.raises(UserError) as error:
        check_alpha(get_rule(name), alpha)
    assert str(error.value) == message
