"""What the filters of the inbox offer to choose from."""

from dataclasses import dataclass

from django.db import connection

from accounts.models import Project
from feedback.models import FeedbackItem

RATINGS = tuple((str(n), f"{n} star" if n == 1 else f"{n} stars") for n in range(5, 0, -1))
VALUES_OFFERED = 30
ORDERS = {
    "": ("-said_at", "-pk"),
    "oldest": ("said_at", "pk"),
    "lowest": ("-lowest", "-said_at", "-pk"),
}
PLACES = [("", "Heard"), ("held", "Held back as spam"), ("merged", "Merged away"), ("all", "All")]
IN_WORDS = {
    "unanswered": "Not answered yet",
    "yours": "About my ships",
    "none": "About none of our ships",
}


def any_of(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the choices of a filter that need not be set."""
    return [("", "Any"), *((word, word.capitalize()) for word in words)]


def values_of(project: Project, field: str) -> list[str]:
    """Return up to VALUES_OFFERED values that a project's feedback has in `field`, each once.

    `field` has an index behind the project. Each value is looked up behind the one before, in one
    query: a DISTINCT would read the whole index.
    """
    assert field in ("source", "language")
    table, column = FeedbackItem._meta.db_table, field
    least = (
        f"(SELECT min({column}) FROM {table} WHERE project_id = %s AND NOT ({column} = '') {{}})"  # noqa: S608
    )
    query = f"""
        WITH RECURSIVE found(value) AS (
            SELECT {least.format("")}
            UNION ALL
            SELECT {least.format(f"AND {column} > found.value")} FROM found
            WHERE found.value IS NOT NULL
        )
        SELECT value FROM found WHERE value IS NOT NULL LIMIT %s"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [project.pk, project.pk, VALUES_OFFERED])
        return [value for (value,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to click: a status to choose or a filter to drop, and the address that does it."""

    value: str
    label: str
    address: str
    is_current: bool = False
