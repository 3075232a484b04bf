"""Reading pages in tests: parsed, and with their queries counted."""

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def bs():
    """Return the parsed page of an answer."""
    return lambda answer: BeautifulSoup(answer.content, "html5lib")


@pytest.fixture
def count_queries(db):
    """Return how many queries a call makes."""

    def count(call):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            call()
        return len(queries)

    return count
