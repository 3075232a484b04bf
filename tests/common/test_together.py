"""Calls of several threads that are written together."""

import threading

import pytest
from django.db import connection

from common.together import Together

pytestmark = pytest.mark.django_db(transaction=True)


class Writer:
    """Writes down which groups came; waits at the first until it is let go."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.started, self.go_on = threading.Event(), threading.Event()

    def __call__(self, brought):
        self.groups.append(sorted(brought))
        if not self.started.is_set():
            self.started.set()
            assert self.go_on.wait(10)
        if "bad" in brought:
            raise ValueError("bad")
        return [one.upper() for one in brought]


def bring(together, brought, *, group="shop", key=None):
    """Bring something in a thread of its own; return the thread and where its result will be."""
    results: list[object] = []

    def run():
        try:
            results.append(together.store(brought, group=group, key=key or brought))
        except ValueError as error:
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def bring_while_busy(together, writer, *what):
    """Bring the first, and all others while it is being written; return what each got."""
    runs = [bring(together, "first")]
    assert writer.started.wait(10)
    for one in what:
        runs.append(bring(together, **one))
        while sum(map(len, writer.groups)) + len(together) < len(runs):
            pass
    writer.go_on.set()
    for thread, _ in runs:
        thread.join(10)
    return [results[0] for _, results in runs]


class TestTogether:
    def test_one_call_alone_is_written_at_once(self):
        together = Together(lambda brought: [one.upper() for one in brought], writers=lambda: 1)

        assert together.store("a", group=1, key="a") == "A"

    def test_what_comes_while_one_is_written_is_written_together(self):
        writer = Writer()
        together = Together(writer, writers=lambda: 1)

        got = bring_while_busy(together, writer, {"brought": "b"}, {"brought": "c"})

        assert writer.groups == [["first"], ["b", "c"]]
        assert got == ["FIRST", "B", "C"]

    def test_two_groups_are_written_apart(self):
        writer = Writer()
        together = Together(writer, writers=lambda: 1)

        bring_while_busy(together, writer, {"brought": "b"}, {"brought": "c", "group": "bakery"})

        assert writer.groups == [["first"], ["b"], ["c"]]

    def test_the_same_key_is_never_twice_in_one_writing(self):
        writer = Writer()
        together = Together(writer, writers=lambda: 1)

        again = {"brought": "b again", "key": "b"}
        bring_while_busy(together, writer, {"brought": "b"}, again)

        assert writer.groups == [["first"], ["b"], ["b again"]]

    def test_one_that_cannot_be_written_takes_no_other_with_it(self):
        writer = Writer()
        together = Together(writer, writers=lambda: 1)

        got = bring_while_busy(together, writer, {"brought": "bad"}, {"brought": "c"})

        assert isinstance(got[1], ValueError)
        assert got[2] == "C"

    def test_a_second_writer_writes_beside_the_first(self):
        writer = Writer()
        together = Together(writer, writers=lambda: 2)

        thread, _ = bring(together, "first")
        assert writer.started.wait(10)
        beside, results = bring(together, "b")
        beside.join(10)

        assert results == ["B"]
        writer.go_on.set()
        thread.join(10)

    def test_within_a_transaction_nothing_is_left_to_another(self):
        from django.db import transaction

        together = Together(lambda brought: [one.upper() for one in brought], writers=lambda: 0)

        with transaction.atomic():
            assert together.store("a", group=1, key="a") == "A"
