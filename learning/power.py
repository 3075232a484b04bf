"""What it would take to see an effect of the size that was hoped for. Pure.

The error of a mean over independent blocks falls with the square root of their number. So an effect
`f` times as small as the smallest visible one needs a window `f * f` times as long (Lachin 1981,
*Controlled Clinical Trials* 2:93-113). A level that wanders, and the doubt about the history, fall
more slowly: the length is what is needed at least.
"""

from datetime import timedelta

from learning.verdict import Verdict, percent

# Wake's last look; nothing longer is offered.
LAST_LOOK = timedelta(days=180)


def needed_window(*, goal: float, smallest_visible: float, window: timedelta) -> timedelta | None:
    """Return how long a window would at least have to be to see the goal four times in five.

    `goal` and `smallest_visible` are relative, 0.02 is 2 %. None if the window was long enough.
    """
    if not goal or smallest_visible <= abs(goal):
        return None
    factor = (smallest_visible / abs(goal)) ** 2
    # A tiny goal on a wild metric would need longer than any calendar goes.
    return window * factor if factor < 1e4 else window * 1e4


def unseen(smallest_visible: float | None) -> str:
    """Return what the look could not have seen, as a sentence; nothing if that is not known."""
    if smallest_visible is None:
        return ""
    return f"A change below {percent(smallest_visible)} could not have been seen."


def what_is_needed(
    verdict: Verdict, *, goal: float, smallest_visible: float | None, window: timedelta
) -> str:
    """Return what would settle a question that a look left open, or nothing if it is settled.

    `window` is the time after the ship that the look saw.
    """
    if verdict != Verdict.INCONCLUSIVE or not smallest_visible:
        return ""
    longer = needed_window(goal=goal, smallest_visible=smallest_visible, window=window)
    if longer is None:
        return (
            f"The look was sharp enough for {percent(abs(goal))}; what it measured lies too close "
            "to the bounds of the question. A longer look, or a smaller goal next time, settles it."
        )
    times = (longer / window) if window else 0
    if longer > LAST_LOOK:
        return (
            f"To see {percent(abs(goal))} on this metric would take more than half a year. "
            f"Bet on {percent(smallest_visible)} or more, or on a metric that varies less."
        )
    return (
        f"To see {percent(abs(goal))} four times in five would take at least {_times(times)} as "
        f"much time after the ship: about {_days(longer)}, with no other ship in between."
    )


def _times(factor: float) -> str:
    return f"{factor:.1f} times" if factor < 10 else f"{factor:,.0f} times"


def _days(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    if hours < 48:
        return f"{max(1, round(hours))} hour{'' if round(hours) <= 1 else 's'}"
    return f"{round(hours / 24)} days"
