"""When calls of a door come in a rush, and when it is over."""

from contextlib import ExitStack

from common.rush import Rush


def at_once(rush, calls):
    """Return what each of so many calls at the same time is told."""
    with ExitStack() as stack:
        return [stack.enter_context(rush) for _ in range(calls)]


class TestRush:
    def test_is_none_while_few_calls_come(self):
        rush = Rush(many=3)

        assert [at_once(rush, 2) for _ in range(3)] == [[False, False]] * 3

    def test_begins_with_the_call_that_makes_them_many(self):
        assert at_once(Rush(many=3), 4) == [False, False, True, True]

    def test_lasts_a_while_after_they_were_many(self):
        lasting, ending = Rush(many=2, lasts=60), Rush(many=2, lasts=0)
        for rush in (lasting, ending):
            at_once(rush, 2)

        assert (at_once(lasting, 1), at_once(ending, 1)) == ([True], [False])

    def test_counts_a_call_that_fails_as_done(self):
        rush = Rush(many=2, lasts=0)
        for _ in range(5):
            try:
                with rush:
                    raise ValueError
            except ValueError:
                pass

        assert at_once(rush, 1) == [False]
