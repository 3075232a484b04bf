"""Whatever the API's own schema allows, and what it does not: no call may make Wake fail."""

from contextlib import suppress

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from tests.factories import (
    NOW,
    make_deployment,
    make_feedback,
    make_key,
    make_metric,
    make_samples,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def one_connection():
    """Keep the test's connection open between calls, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def schema(shop, one_connection):
    """The schema as the site serves it."""
    make_deployment(shop, "1.0")
    make_feedback(shop)
    make_samples(make_metric(shop), NOW, [1.0, 2.0])
    return schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application())


@pytest.fixture
def headers(shop):
    """What one sends who may do everything."""
    return {"Authorization": f"Bearer {make_key(shop)}"}


def operations(schema):
    """Return each operation of the schema by its name, such as "POST /api/v1/feedback/"."""
    found = (result.ok() for result in schema.get_all_operations())
    return {f"{one.method.upper()} {one.path}": one for one in found}


def fuzz(operation, mode, headers):
    """Call the operation with what its schema allows, or with what it does not."""

    @settings(
        max_examples=12,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case):
        answer = case.call(headers=headers)
        assert answer.status_code < 500, case.as_curl_command()

    answers()


class TestEveryOperationOfTheSchema:
    @pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    def test_answers_without_failing_whatever_it_is_sent(self, schema, headers, mode):
        for operation in operations(schema).values():
            # What is allowed everywhere cannot be sent wrongly.
            with suppress(Unsatisfiable):
                fuzz(operation, mode, headers)

    def test_lets_the_key_in(self, schema, headers):
        statuses = {
            name: operation.Case().call(headers=headers).status_code
            for name, operation in operations(schema).items()
            if name.startswith("GET") and "{" not in name
        }

        assert statuses
        assert set(statuses.values()) == {200}
