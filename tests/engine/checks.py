"""What several files check of a setting: the law, the counters, temperature 0.

n is 16,380 rows a check, a third of them for each prompt, over about 120 outputs each;
the standard error of an output of probability 0.01 is 0.0013. False alarms:
`toys.LEVEL`.
"""

import dataclasses

import numpy as np

from tests.engine import toys


def follows_its_law(setting):
    """By chi-square of whole outputs, at each temperature."""
    simulation = toys.simulated(setting)
    for temperature, p_value in toys.p_values(setting, simulation).items():
        assert p_value > toys.LEVEL, f"temperature {temperature}"


def counts_as_expected(setting, names):
    """The mean of each named counter; 0 where the enumeration never met it."""
    simulation = toys.simulated(setting)
    counters = simulation.generation.counters
    for temperature in toys.TEMPERATURES:
        at = dataclasses.replace(setting, temperature=temperature)
        for index, prompt in enumerate(toys.PROMPTS):
            chosen = simulation.temperature == temperature
            chosen &= simulation.prompt == index
            expected = toys.enumeration(prompt, at).counts
            assert expected["target_calls"] > 0
            for name in names:
                found = counters[name][chosen]
                error = found.std() / np.sqrt(len(found))
                # 6 standard errors: 2e-9 a comparison, of which there are some 4,000.
                # Ten events more where events are so rare that the error is itself
                # unsure.
                allowed = 6 * error + 10 / len(found)
                assert abs(found.mean() - expected.get(name, 0)) <= allowed, name


def is_enumerated_at_temperature_0(setting, low, high):
    """At 30 thresholds from `low` to `high`. Returns the outputs, as a set."""
    thresholds = np.linspace(low, high, 30).repeat(len(toys.PROMPTS))
    # As many thresholds as rows, so that the batch has its usual shape.
    alpha = np.resize(thresholds, toys.BATCH).astype(np.float32)
    rows = toys.make_rows(alpha=alpha, temperature=0.0)
    written = toys.outputs(toys.decode(toys.execution(setting), rows))
    written = written[: len(thresholds)]
    for row, output in enumerate(written):
        at = dataclasses.replace(setting, alpha=float(alpha[row]), temperature=0.0)
        prompt = toys.PROMPTS[row % len(toys.PROMPTS)]
        assert toys.enumeration(prompt, at).outputs == {output: 1.0}
    return set(written)
