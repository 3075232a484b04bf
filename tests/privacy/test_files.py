"""After an erasure the database's own files hold nothing either: free pages, journal, index."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from privacy.erasing import erase_customer
from privacy.sweeping import is_due, sweep
from tests.factories import NOW, make_feedback

SCRIPT = """
import django; django.setup()
from django.core.management import call_command
from django.utils import timezone
from accounts.models import Project
from feedback.intake import submit_feedback
shop = Project.objects.create(name="Shop", slug="shop")
now = timezone.now()
for n in range(0, 600, 200):
    rows = [
        {"id": f"r{i}", "text": f"Number {i} says the basket is empty", "customer": f"c{i}"}
        for i in range(n, n + 200)
    ]
    mine = [
        {"id": f"quill-{n}-{i}", "text": f"Marmaladefork number {i} " + "of Quillfeather " * 90,
         "customer": {"id": "q-1", "email": "kim@quill.example", "name": "Kim Quillfeather"},
         "created_at": f"2026-0{1 + n // 200}-0{1 + i}T10:00:00Z"}
        for i in range(8)
    ]
    submit_feedback(project=shop, rows=rows + mine, now=now)
call_command("erase_customer", "shop", "kim@quill.example", "--yes")
"""
NEEDLES = (b"marmaladefork", b"quillfeather", b"kim@quill", b"quill-200")


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's files are its server's")
class TestTheFilesOfSQLite:
    def test_hold_nothing_once_a_customer_is_erased(self, tmp_path, template):
        env = {
            **os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": template.new("w", tmp_path),
            "DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "x" * 50,
        }  # fmt: skip
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=settings.BASE_DIR, env=env, capture_output=True,
            text=True, timeout=120,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        left = everything_in(tmp_path).lower()

        assert b"the basket is empty" in left  # we do read what is stored
        assert [needle for needle in NEEDLES if needle in left] == []
        assert not [needle for needle in NEEDLES if needle.decode() in run.stderr.lower()]


@pytest.mark.django_db(transaction=True)
class TestSweeping:
    def test_is_due_after_an_erasure_and_then_no_more(self, shop, ada):
        erase_customer(make_feedback(shop, customer="kim").customer, by=ada, now=NOW)
        assert is_due()

        assert sweep(now=NOW)
        assert not is_due()

    def test_leaves_a_search_that_works(self, shop, ada):
        from feedback.models import FeedbackItem
        from feedback.search import containing

        make_feedback(shop, "The basket is empty")
        erase_customer(make_feedback(shop, customer="kim").customer, by=ada, now=NOW)
        sweep(now=NOW)

        assert containing(FeedbackItem.objects.all(), "basket").count() == 1
        assert connection.vendor
