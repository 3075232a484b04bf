"""A load generator: calls made beforehand, sent over kept connections by one thread of epoll.

It runs in a process of its own and does next to nothing for a call, so that it takes as little as
possible from a server on the same machine; what it took is in the result.
"""

import multiprocessing
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

RECV = 65536


@dataclass(slots=True)
class Answer:
    """One answer: to which call, when that was due and how long it took, in seconds."""

    call: int
    status: int
    due: float
    took: float


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    seconds: float = 0.0
    generator_cpu: float = 0.0  # seconds
    answers: list[Answer] = field(default_factory=list)
    samples: dict[int, bytes] = field(default_factory=dict)  # one whole answer for each status
    retry_after: Counter[str] = field(default_factory=Counter)
    broken: int = 0  # calls without an answer: the connection was refused or ended
    late: float = 0.0  # the most that the generator itself was behind its timetable

    @property
    def statuses(self) -> Counter[int]:
        """How often each status came."""
        return Counter(one.status for one in self.answers)

    def rate(self, *wanted: int) -> float:
        """Return how many answers with one of these statuses came per second."""
        return sum(one.status in wanted for one in self.answers) / self.seconds

    def took(self, *wanted: int) -> list[float]:
        """Return how long answers with one of these statuses took, in milliseconds, sorted."""
        return sorted(1000 * one.took for one in self.answers if one.status in wanted)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the sorted `values` do not exceed; nan without any."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def closed_loop(port: int, calls: list[bytes], *, connections: int, seconds: float) -> Outcome:
    """Send the next call when an answer came, over so many connections, for so long."""
    return _in_a_process(port, calls, connections, seconds, None)


def open_loop(port: int, calls: list[bytes], *, rate: float, seconds: float) -> Outcome:
    """Send `rate` calls a second whatever comes back, as the world does.

    The time of an answer counts from when its call was due.
    """
    return _in_a_process(port, calls, 2000, seconds, rate)


def _in_a_process(
    port: int, calls: list[bytes], connections: int, seconds: float, rate: float | None
) -> Outcome:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_drive, port, calls, connections, seconds, rate).result()


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.call, self.due, self.received = -1, 0.0, b""

    def send(self, call: int, message: bytes, due: float) -> None:
        self.call, self.due, self.received = call, due, b""
        self.socket.sendall(message)

    def read(self) -> tuple[int, bool] | None:
        """Return the status and whether the connection may be used again; None: more to come."""
        piece = self.socket.recv(RECV)
        if not piece:
            raise ConnectionError
        self.received += piece
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        if at >= 0:
            if len(body) < int(lowered[at + 15 : at + 30].split(b"\r", 1)[0]):
                return None
        elif not body.endswith(b"0\r\n\r\n"):  # chunked
            return None
        return int(head[9:12]), b"connection: close" not in lowered


def _drive(
    port: int, calls: list[bytes], connections: int, seconds: float, rate: float | None
) -> Outcome:
    outcome = Outcome()
    poll = select.epoll()
    busy: dict[int, _Connection] = {}
    idle: deque[_Connection] = deque()
    used = time.process_time()
    start = time.perf_counter()
    sent, end = 0, seconds
    while True:
        now = time.perf_counter() - start
        while now < end and sent < len(calls):
            due = sent / rate if rate else now
            if due > now or (not idle and len(busy) >= connections):
                break
            outcome.late = max(outcome.late, now - due)
            try:
                one = idle.pop() if idle else None
                if one is None:
                    one = _Connection(port)
                    poll.register(one.socket, select.EPOLLIN)
                one.send(sent, calls[sent], due)
                busy[one.socket.fileno()] = one
            except OSError:
                outcome.broken += 1
            sent += 1
            now = time.perf_counter() - start
        if not busy and (now >= end or sent >= len(calls)):
            break
        if now > end + 30:  # what has no answer by now gets none
            outcome.broken += len(busy)
            break
        wait = 0.05 if rate is None else min(0.05, max(0.0, sent / rate - now))
        for number, _ in poll.poll(wait):
            _receive(number, busy, idle, poll, outcome, start)
    outcome.seconds = min(time.perf_counter() - start, max(end, 0.001))
    outcome.generator_cpu = time.process_time() - used
    return outcome


def _receive(
    number: int,
    busy: dict[int, _Connection],
    idle: deque[_Connection],
    poll: select.epoll,
    outcome: Outcome,
    start: float,
) -> None:
    one = busy.get(number)
    if one is None:  # an idle connection that the server closed
        poll.unregister(number)
        for other in list(idle):
            if other.socket.fileno() == number:
                idle.remove(other)
                other.socket.close()
        return
    try:
        found = one.read()
    except OSError:
        outcome.broken += 1
        del busy[number]
        poll.unregister(number)
        one.socket.close()
        return
    if found is None:
        return
    status, again = found
    now = time.perf_counter() - start
    outcome.answers.append(Answer(one.call, status, one.due, now - one.due))
    outcome.samples.setdefault(status, one.received)
    if status == 429:
        at = one.received.lower().find(b"retry-after:")
        outcome.retry_after[one.received[at + 12 : at + 20].split(b"\r")[0].strip().decode()] += 1
    del busy[number]
    if again:
        idle.append(one)
    else:
        poll.unregister(number)
        one.socket.close()
