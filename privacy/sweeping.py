"""Clearing what a database's own files still hold of rows that are gone.

A deleted row leaves its bytes in free pages, in the journal and in the search index until they are
written over. Nothing asks for them any more, but whoever has the file could read them.
"""

from datetime import datetime

from django.db import connection

from feedback.models import Erasure
from feedback.search import rebuild_index


def sweep(*, now: datetime) -> bool:
    """Clear the files of the database, and return whether that is done; not in a transaction.

    It is put off while others hold the database back; a bell rings for what is still to be swept.
    """
    waiting = list(Erasure.objects.filter(swept_at=None).values_list("pk", flat=True))
    rebuild_index()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy = bool(cursor.fetchone()[0])
            if is_busy:
                return False
        else:
            cursor.execute("VACUUM")
    Erasure.objects.filter(pk__in=waiting).update(swept_at=now)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return True


def is_due() -> bool:
    """Return True if a customer was erased and the files still hold remains."""
    return Erasure.objects.filter(swept_at=None).exists()
