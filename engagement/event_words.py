"""Saying in words what a metric is made of."""

from datetime import timedelta

from common.windows import DAY, HOUR
from engagement.models import EventMetric, Measure


def length_in_words(length: timedelta) -> str:
    """Return a length of time as one says it: `an hour`, `7 days`."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (timedelta(minutes=1), "minute")):
        if not length % unit:
            number = length // unit
            article = "an" if name == "hour" else "a"
            return f"{article} {name}" if number == 1 else f"{number} {name}s"
    return f"{int(length.total_seconds())} seconds"


def in_words(row: EventMetric) -> str:
    """Return what a definition says, in a sentence."""
    what = f"“{row.event}”" if row.event else "any event"
    if row.where:
        what += " with " + " and ".join(f"{name} = {value}" for name, value in row.where.items())
    within = length_in_words(row.within)
    told = {
        Measure.COUNT: f"How often {what} happened",
        Measure.USERS: f"How many users did {what}",
        Measure.CONVERSION: (
            f"Of the users who did {what}, the share who did “{row.then_event}” within {within}"
        ),
        Measure.FIRST_USE: f"How many users did {what} for the first time in 28 days",
        Measure.ADOPTION: f"Of the users who did anything, the share who did {what}",
        Measure.TIME_TO_FIRST_USE: (
            f"The median hours that new users took to {what}, if they did it within {within}"
        ),
        Measure.RETENTION: (
            f"Of the users who were new, the share who came back with {what} on day "
            f"{row.within // DAY}"
        ),
    }[Measure(row.measure)]
    named = ((row.environment, "environment"), (row.service, "service"), (row.version, "version"))
    places = [f"{word} “{value}”" for value, word in named if value]
    return f"{told}, in {' and '.join(places)}." if places else f"{told}."
