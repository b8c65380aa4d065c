"""What holds in every test: a strict JAX on two virtual CPU devices, and no network.

Arrays are checked against their annotations: jaxtyping's import hook has beartype look
at every annotated function of speccascade, so this file must come before the first
import of the package.
"""

import gc
import ipaddress
import itertools
import os
import platform
import socket
import tempfile

# Read when JAX is imported. The tests state what CPU gives; those marked `gpu` run with
# JAX_PLATFORMS=cuda,cpu.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Of this process and of the ones that tests start.
os.environ["MPLBACKEND"] = "Agg"
os.environ["WANDB_MODE"] = "disabled"
os.environ["WANDB_ERROR_REPORTING"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import hypothesis
import jax
import jaxtyping
import pytest

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_num_cpu_devices", 2)

jaxtyping.install_import_hook("speccascade", "beartype.beartype")

# The same examples in every run: a suite that fails does so for everyone. No deadline,
# since the first example of a test pays for compiling.
hypothesis.settings.register_profile(
    "speccascade", deadline=None, derandomize=True, database=None
)
hypothesis.settings.load_profile("speccascade")


def pytest_configure(config: pytest.Config) -> None:
    """Keeps compiled programs from one run of the tests to the next.

    In this process alone: a child process that a test kills might leave a torn entry.
    The folder is named after the host, whose CPU the programs are compiled for.
    `pytest --cache-clear` removes it.
    """
    cache = getattr(config, "cache", None)
    if cache is None:  # -p no:cacheprovider
        return
    folder = cache.mkdir(f"jax-{platform.node() or 'host'}")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


# Folders whose tests compile much and compute little. The engine and the rules keep all
# optimisations: their laws compute much, and some compare to the last digit.
HASTY = {"checkpoints", "cli", "configs", "jobs", "models", "traces", "training"}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Compiles with few optimisations where that is quicker than to run with many."""
    hasty = item.path.parent.name in HASTY
    jax.config.update("jax_disable_most_optimizations", hasty)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if any(device.platform == "gpu" for device in jax.devices()):
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="JAX finds no GPU"))


def _is_local(host: object) -> bool:
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """Turns every connection to another host, and every look-up, into a failure."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    getaddrinfo = socket.getaddrinfo

    def check(host: object) -> None:
        if not _is_local(host):
            # Not an OSError, which client libraries catch and retry.
            pytest.fail(f"a test tried to reach {host!r}: tests have no network")

    def guarded(method):
        def call(self, address):
            if self.family in (socket.AF_INET, socket.AF_INET6):
                check(address[0])
            return method(self, address)

        return call

    def guarded_getaddrinfo(host, *args, **kwargs):
        check(host.decode() if isinstance(host, bytes) else host)
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(connect))
        patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


@pytest.fixture(autouse=True, scope="session")
def own_temporary_folder(tmp_path_factory):
    """A timing lock of this process and its children: others here may be timing."""
    folder = str(tmp_path_factory.mktemp("tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture
def x64():
    """float64 for one test; outside it, JAX makes float32 of everything."""
    with jax.enable_x64(True):
        yield


# A program on CPU holds a score of memory mappings, of which Linux allows a process
# 65,530 by default. Beyond that compiling fails, or the process dies.
MAPPINGS = 40_000
TESTS_BETWEEN_LOOKS = 25
_seen = itertools.count(1)


def pytest_runtest_teardown(item, nextitem):
    """Lets go of compiled programs at the end of a folder, and where they are many."""
    ends = nextitem is None or nextitem.path.parent != item.path.parent
    looks = next(_seen) % TESTS_BETWEEN_LOOKS == 0
    if ends or (looks and _mappings() > MAPPINGS):
        jax.clear_caches()
        gc.collect()


def _mappings() -> int:
    """Memory mappings of this process; 0 where the system does not say."""
    try:
        with open("/proc/self/maps", "rb") as maps:
            return sum(1 for _ in maps)
    except OSError:
        return 0
