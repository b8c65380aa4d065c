"""The clock and the host's lock, on the exact toy."""

import multiprocessing
import time

import jax
import jax.numpy as jnp
import pytest

from speccascade.engine import Execution, PairParams, generate
from speccascade.engine.batch import RowRequest, make_batch
from speccascade.latency import host_lock, this_host, timed
from speccascade.models.toy import Toy

TOY = Toy(vocab_size=4)


def toy_pair() -> PairParams:
    return PairParams(
        drafter=TOY.init(jax.random.key(1), 8), target=TOY.init(jax.random.key(2), 8)
    )


def test_a_timing_counts_the_tokens_and_waits_for_the_result():
    prompts, rows = make_batch([RowRequest(tokens=(2,), example=0)], 1, 1)

    def decode():
        return generate(
            Execution(kind="target"),
            TOY,
            TOY,
            toy_pair(),
            prompts,
            rows,
            max_new_tokens=4,
            eos_id=1,
        )

    timing = timed(decode)
    assert timing.seconds > 0
    assert timing.emitted == int(decode().lengths.sum())


def _hold(held, release) -> None:
    with host_lock():
        held.set()
        release.wait(20)


def test_only_one_process_times_at_a_time_and_the_other_says_that_it_waits():
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(held, release))
    other.start()
    assert held.wait(60)
    said = []

    def waiting() -> None:
        said.append(time.monotonic())
        release.set()

    with host_lock(waiting):
        assert len(said) == 1
    other.join()
    with host_lock(lambda: pytest.fail("nobody holds the lock any more")):
        pass


def _decode(decoding, done) -> None:
    with host_lock(shared=True):
        decoding.set()
        done.wait(20)


def test_nobody_times_while_others_decode_but_they_decode_together():
    context = multiprocessing.get_context("spawn")
    decoding, done = context.Event(), context.Event()
    other = context.Process(target=_decode, args=(decoding, done))
    other.start()
    assert decoding.wait(60)
    with host_lock(lambda: pytest.fail("decoding need not wait"), shared=True):
        pass
    said = []

    def waiting() -> None:
        said.append("waits")
        done.set()

    with host_lock(waiting):
        assert said == ["waits"]
    other.join()


def test_a_host_is_named_with_its_device():
    host, device = this_host()
    assert host and "cores" in device
    assert jnp.zeros(()).devices()
