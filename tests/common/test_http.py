import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from common import hosts
from common.hosts import CannotReach, NotAllowed, addresses_of, is_public, read_address
from common.http import call

LOCAL = ["127.0.0.1"]
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@contextmanager
def server(answer: bytes, *, pause: float = 0.0) -> Iterator[str]:
    """A server that answers these bytes, one by one if there is a pause between them."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(2)

    def serve() -> None:
        try:
            caller, _ = listening.accept()
        except OSError:
            return
        with caller:
            caller.recv(65536)
            try:
                for part in [answer] if not pause else [bytes([one]) for one in answer]:
                    caller.sendall(part)
                    time.sleep(pause)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    listening.close()
    thread.join(10)


class TestCall:
    def test_returns_what_was_answered(self):
        with server(HELLO) as url:
            answer = call("POST", url, body=b"x", private_hosts=LOCAL)

        assert (answer.status, answer.text(), answer.is_success) == (200, "hello", True)

    def test_reads_only_the_beginning_of_a_long_answer(self):
        with server(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000) as url:
            assert len(call("GET", url, private_hosts=LOCAL, max_bytes=1_000).body) == 1_000

    @pytest.mark.parametrize("answer", [HELLO, b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 1_000])
    def test_ends_in_time_however_slowly_the_host_drips(self, answer):
        start = time.monotonic()

        with server(answer, pause=0.1) as url, pytest.raises(CannotReach, match=r"within 0\.5 sec"):
            call("GET", url, private_hosts=LOCAL, timeout=0.5)

        assert time.monotonic() - start < 5

    @pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 banana\r\n\r\n"])
    def test_says_so_when_the_other_side_does_not_speak_http(self, answer):
        with server(answer) as url, pytest.raises(CannotReach, match="not HTTP"):
            call("GET", url, private_hosts=LOCAL)

    def test_says_so_when_nobody_listens(self):
        with pytest.raises(CannotReach, match="cannot be reached"):
            call("GET", "http://127.0.0.1:1/", private_hosts=LOCAL)

    def test_follows_no_redirect(self):
        away = (
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
        )
        with server(away) as url:
            assert call("GET", url, private_hosts=LOCAL).status == 302

    def test_trusts_no_certificate_that_nobody_signed(self):
        with server(HELLO) as url, pytest.raises(CannotReach):
            call("GET", url.replace("http:", "https:"), private_hosts=LOCAL)

    def test_connects_to_the_very_address_that_it_checked(self, monkeypatch):
        """A name that resolves to a public host when asked first, and to a private one later."""
        asked = []

        def resolve(host, port, *_, **__):
            if host[0].isdigit():  # an address means itself
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
            asked.append(host)
            address = "127.0.0.1" if len(asked) > 1 else "203.0.113.7"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setattr(hosts, "is_public", lambda address: address == "203.0.113.7")
        with server(HELLO) as url, pytest.raises(CannotReach):
            call("GET", url.replace("127.0.0.1", "rebind.test"), timeout=0.3)

        assert asked == ["rebind.test"]


class TestHosts:
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
            "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
            "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
            "localhost", "127.1", "2130706433", "0x7f.1",
        ],
    )  # fmt: skip
    def test_inside_the_own_network_are_not_called_however_they_are_written(self, host):
        with pytest.raises(CannotReach):
            addresses_of(host, 80, [])

    @pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
    def test_of_the_open_internet_are_public(self, address):
        assert is_public(address)

    @pytest.mark.parametrize("listed", ["localhost", "LOCALHOST", "127.0.0.0/8", "*"])
    def test_that_are_listed_may_be_called(self, listed):
        assert "127.0.0.1" in addresses_of("localhost", 80, [listed, "::1"])

    @pytest.mark.parametrize("listed", ["10.0.0.0/8", "local", "", "1.2.3.4/99"])
    def test_that_are_not_listed_may_not(self, listed):
        with pytest.raises(NotAllowed, match="ALLOW_PRIVATE_HOSTS"):
            addresses_of("127.0.0.1", 80, [listed])

    @pytest.mark.parametrize(
        "url",
        [
            "", "example.com", "ftp://example.com/", "file:///etc/passwd", "https://",
            "https://ada:secret@example.com/", "https://example.com:99999/", "https://[::1/",
            "https://example.com/a b", "https://example.com/\r\nX: y", "javascript:alert(1)",
            "https://exämple.com/",
        ],
    )  # fmt: skip
    def test_are_read_only_from_plain_web_addresses(self, url):
        with pytest.raises(NotAllowed):
            read_address(url)
