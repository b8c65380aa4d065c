"""The guard of conftest.py: a test that leaves this machine fails."""

import socket

import pytest

ELSEWHERE = "192.0.2.1"  # set aside for documentation: never a host


def connect_ex():
    with socket.socket() as client:
        client.connect_ex((ELSEWHERE, 80))


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: socket.create_connection((ELSEWHERE, 80), timeout=0.1),
        connect_ex,
        lambda: socket.getaddrinfo("example.org", 80),
    ],
    ids=["connect", "connect_ex", "look-up"],
)
def test_a_test_that_leaves_this_machine_fails(attempt):
    with pytest.raises(pytest.fail.Exception, match="tests have no network"):
        attempt()


def test_a_server_on_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
