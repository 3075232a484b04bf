"""Finding feedback by its words: by tsvector and GIN on PostgreSQL, by FTS5 on SQLite.

Both indexes are made by a migration, know no grammar of any one language, and take case and the
accents of Latin letters away, so the same words find the same feedback on both.
"""

from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, IntegerField, Q
from django.db.models.expressions import Func

from common.values import storable
from feedback.models import FeedbackQuerySet
from feedback.search_words import Search, Term, read_search

INDEX = "feedback_words"  # SQLite's table, and on PostgreSQL the name of the index
COLUMN = "words"  # PostgreSQL's column, which the database fills by itself


class _Says(Func):
    """True for feedback in whose text the terms of a search hold."""

    output_field = BooleanField()

    def __init__(self, search: Search, *, looked_up: bool = False) -> None:
        super().__init__(F("pk"))
        self.search, self.looked_up = search, looked_up

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:
        column = f"{connection.ops.quote_name(self._table())}.{connection.ops.quote_name(COLUMN)}"
        parts = [
            ("!!" if term.left_out else "")
            + ("wake_beginning(%s)" if term.begins else "wake_phrase(%s)")
            for term in self.search.terms
        ]
        return f"({column} @@ ({' && '.join(parts)}))", [term.words for term in self.search.terms]

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[Any, ...]]:
        row = f"{connection.ops.quote_name(self._table())}.{connection.ops.quote_name('id')}"
        wanted = [_for_fts5(term) for term in self.search.terms if not term.left_out]
        unwanted = [_for_fts5(term) for term in self.search.terms if term.left_out]
        # Asking of each row by itself, by MATCH and its rowid, is quick only where it holds: where
        # a phrase or the beginning of a word does not, FTS5 goes on to the next row that has it.
        if not wanted:
            return f"(NOT +{row} {_IN})", (" OR ".join(unwanted),)
        words = " AND ".join(wanted)
        if unwanted:
            words = f"({words}) NOT ({' OR '.join(unwanted)})"
        return f"({'' if self.looked_up else '+'}{row} {_IN})", (words,)

    def _table(self) -> str:
        return self.source_expressions[0].alias  # type: ignore[attr-defined]


_IN = "IN (SELECT rowid FROM feedback_words WHERE feedback_words MATCH %s)"


def _for_fts5(term: Term) -> str:
    # Within quotes FTS5 knows no operators, only quotes, which are doubled.
    quoted = '"' + term.words.replace('"', '""') + '"'
    return f"{quoted} *" if term.begins else quoted


class _Unindexed(Func):
    """A column that SQLite does not look up in an index, as its documentation advises."""

    template = "+%(expressions)s"
    output_field = IntegerField()


def containing(items: FeedbackQuerySet, words: str) -> FeedbackQuerySet:
    """Keep the feedback whose text fits what a person typed: see read_search().

    Written so that rows can be tested one by one, for when much is expected to fit.
    """
    return _keep(items, read_search(storable(words)), looked_up=False)


def looked_up(items: FeedbackQuerySet, words: str, project_id: int) -> FeedbackQuerySet:
    """Keep the same as containing() of a project's feedback, written to ask the index first."""
    search = read_search(storable(words))
    if connection.vendor == "sqlite" and search.in_index.terms and has_index():
        items = items.alias(of_project=_Unindexed(F("project_id"))).filter(of_project=project_id)
    else:
        items = items.filter(project=project_id)
    return _keep(items, search, looked_up=True)


def _keep(items: FeedbackQuerySet, search: Search, *, looked_up: bool) -> FeedbackQuerySet:
    slow = search.as_it_stands
    if search.in_index.terms:
        if has_index():
            items = items.filter(_Says(search.in_index, looked_up=looked_up))
        else:
            slow = search.terms
    for term in slow:
        holds = Q(text__icontains=term.words)
        items = items.filter(~holds if term.left_out else holds)
    return items


def has_index() -> bool:
    """Return True unless this is an SQLite without FTS5: then each text is read, slowly."""
    if connection.vendor != "sqlite":
        return True
    known = _has_index.get(str(connection.settings_dict["NAME"]))
    if not known:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = %s", [INDEX])
            known = cursor.fetchone() is not None
        _has_index[str(connection.settings_dict["NAME"])] = known
    return known


_has_index: dict[str, bool] = {}


def rebuild_index() -> None:
    """Make the index anew from the texts, which leaves no trace of texts that are gone.

    Both databases keep single words of deleted texts in their index's files for a while.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("REINDEX INDEX feedback_words")
        elif has_index():
            cursor.execute("INSERT INTO feedback_words(feedback_words) VALUES ('rebuild')")


def forget_words() -> None:
    """Merge SQLite's index, so that no word of a text that was deleted is left in its tables."""
    if connection.vendor == "sqlite" and has_index():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO feedback_words(feedback_words) VALUES ('optimize')")
