"""Reading the filters in an address, with errors that name the one that is wrong."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.db.models import TextChoices

from common.errors import BadInput
from common.values import read_moment, storable

# A filter may well name a time that is still to come.
_FAR = datetime(5000, 1, 1, tzinfo=UTC)


def read_since_until(asked: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """Return the times in `since` and `until`; a time without an offset is read as UTC."""
    since = read_moment(asked.get("since"), field="since", now=_FAR, zone=UTC)
    until = read_moment(asked.get("until"), field="until", now=_FAR, zone=UTC)
    return since, until


def read_choice(asked: Mapping[str, str], name: str, choices: type[TextChoices]) -> str:
    """Return the filter `name` if it is one of the choices, "" if it is not given."""
    value = asked.get(name, "")
    if value and value not in choices.values:
        raise BadInput(name, "is not known.", f"Send one of {', '.join(choices.values)}.")
    return value


def read_word(asked: Mapping[str, str], name: str) -> str:
    """Return the filter `name` as text that a database can be asked about, "" if not given."""
    return storable(asked.get(name, ""))[:500]
