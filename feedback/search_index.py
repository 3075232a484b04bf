"""SQLite's search index: a table of FTS5 beside the feedback, and the triggers that keep it."""

from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

INDEX = "feedback_words"
# Accents are taken off Latin letters; the vowel signs of Indian scripts belong to their words.
TABLE = f"""
CREATE VIRTUAL TABLE {INDEX} USING fts5(
    text, content='feedback_feedbackitem', content_rowid='id',
    tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
)"""
FORGET = """INSERT INTO feedback_words(feedback_words, rowid, text)
    VALUES ('delete', old.id, old.text);"""
LEARN = "INSERT INTO feedback_words(rowid, text) VALUES (new.id, new.text);"
ON = "ON feedback_feedbackitem"
TRIGGERS = {
    f"{INDEX}_added": f"AFTER INSERT {ON} BEGIN {LEARN} END",
    f"{INDEX}_removed": f"AFTER DELETE {ON} BEGIN {FORGET} END",
    f"{INDEX}_changed": f"AFTER UPDATE OF id, text {ON} "
    f"WHEN old.text <> new.text OR old.id <> new.id BEGIN {FORGET} {LEARN} END",
}


def install_on_sqlite(connection: BaseDatabaseWrapper) -> None:
    """Make what is missing of the index and fill it; without FTS5 nothing is made.

    Django changes a table of SQLite by making a new one, which has no triggers any more. So this
    runs after every migration too, and costs one query when nothing is missing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE name LIKE %s", [f"{INDEX}%"])
        there = {name for (name,) in cursor.fetchall()}
        if there >= {INDEX, *TRIGGERS}:
            return
        if INDEX not in there:
            try:
                cursor.execute(TABLE)
            except OperationalError as reason:
                if "fts5" in str(reason):
                    return
                raise
        for name in TRIGGERS.keys() - there:
            cursor.execute(f"CREATE TRIGGER {name} {TRIGGERS[name]}")
        cursor.execute("INSERT INTO feedback_words(feedback_words) VALUES ('rebuild')")


def keep_index(using: str, **_: Any) -> None:
    """Put the index right after a migration."""
    from django.db import connections

    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    if "feedback_feedbackitem" in connection.introspection.table_names():
        install_on_sqlite(connection)


def check_search(**_: Any) -> list[CheckMessage]:
    """Return a warning if this SQLite has no FTS5."""
    from django.db import connection

    if connection.vendor != "sqlite" or _has_fts5():
        return []
    return [
        Warning(
            "This SQLite has no FTS5, so a search in the inbox reads every feedback.",
            hint="Use a Python whose SQLite has FTS5 (python.org's and every large Linux "
            "distribution's have), or PostgreSQL, and then run `manage.py migrate`.",
            id="feedback.W001",
        )
    ]


def _has_fts5() -> bool:
    import sqlite3

    with sqlite3.connect(":memory:") as memory:
        return bool(memory.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()[0])
