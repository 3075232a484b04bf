"""The yardstick: the least that takes a call in Django. A signature, a key, one INSERT, an answer.

It has no middleware, no framework on top and one table with one index, and is served by the same
gunicorn options as Wake on the same database server. `gunicorn bench.plain:application` runs it;
DATABASE_URL, PLAIN_SECRET and PLAIN_DATABASE_OPTIONS say the rest.
"""

import hashlib
import hmac
import json
import os
from typing import ClassVar

import django
from django.conf import settings

SECRET = os.environ.get("PLAIN_SECRET", "yardstick").encode()
settings.configure(
    SECRET_KEY="yardstick",  # noqa: S106
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    # The very settings that Wake runs with: bench/intake.py hands them over.
    DATABASES={"default": json.loads(os.environ["PLAIN_DATABASE"])},
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import IntegrityError, connection, models  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.views.decorators.http import require_POST  # noqa: E402


class Said(models.Model):
    """One thing that somebody said."""

    key = models.CharField(max_length=200, unique=True)
    text = models.TextField()
    rating = models.FloatField(null=True)
    version = models.CharField(max_length=100)
    received_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Said"]] = models.Manager()

    class Meta:
        app_label = "plain"

    def __str__(self) -> str:
        return self.key


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Store what is said once, if its signature holds."""
    signed = hmac.new(SECRET, request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signed, request.headers.get("X-Signature", "")):
        return JsonResponse({"detail": "wrong signature"}, status=401)
    said = json.loads(request.body)
    try:
        row = Said.objects.create(
            key=request.headers["Idempotency-Key"],
            text=said["text"],
            rating=said.get("rating"),
            version=said.get("version", ""),
            received_at=timezone.now(),
        )
    except IntegrityError:
        return JsonResponse({"created": False})
    return JsonResponse({"id": row.pk, "created": True}, status=201)


def make_table() -> None:
    """Make the yardstick's one table."""
    with connection.schema_editor() as editor:
        editor.create_model(Said)


urlpatterns = [path("take", take)]
application = get_wsgi_application()
