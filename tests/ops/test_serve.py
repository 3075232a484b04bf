"""`scripts/serve.py`, the end of `make run`: three processes that come and go together."""

import os
import signal
import socket
import sys
import time
import urllib.request

import pytest

from tests.ops.conftest import children_of, free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def served(build_house):
    """A house that is being served, once it has said so."""
    house = build_house(PORT=str(free_port()), HOST="127.0.0.1")
    house.server = house.start(f"{sys.executable} scripts/serve.py")
    ends = time.monotonic() + 60
    while "Stop it with Ctrl-C" not in house.log():
        assert time.monotonic() < ends, house.log()
        time.sleep(0.1)
    return house


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestServing:
    def test_answers_where_it_says_it_does(self, served):
        address = f"http://localhost:{served.env['PORT']}/"

        assert f"Wake is at {address}" in served.log()
        assert urllib.request.urlopen(f"{address}healthz", timeout=10).read() == b"ok\n"

    @pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_ends_with_all_its_processes_and_no_complaint(self, served, asked):
        processes = children_of(served.server.pid)
        assert len(processes) >= 3

        served.server.send_signal(asked)

        assert served.server.wait(timeout=40) == 0, served.log()
        assert [pid for pid in processes if is_alive(pid)] == []
        assert "Traceback" not in served.log()

    def test_stops_and_says_so_when_one_process_dies(self, served):
        web = next(
            pid
            for pid in children_of(served.server.pid)
            if "gunicorn" in open(f"/proc/{pid}/cmdline").read()  # noqa: SIM115, PTH123
        )

        os.kill(web, signal.SIGKILL)

        assert served.server.wait(timeout=40) == 1
        assert "The web process ended by itself" in served.log()

    def test_says_in_a_sentence_that_the_port_is_taken(self, build_house):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            house = build_house(PORT=port, HOST="127.0.0.1")

            server = house.start(f"{sys.executable} scripts/serve.py")

            assert server.wait(timeout=30) == 1
        assert f"Port {port} on 127.0.0.1 cannot be used" in house.log()
        assert "Traceback" not in house.log()
