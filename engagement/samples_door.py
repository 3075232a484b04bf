"""The short way in for samples, a thousand a call.

It takes what is in order. Everything else, from a wrong key to a body that cannot be read, goes to
the API's own view, which says what is wrong; so there is one place that says it.
"""

import json

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.known_keys import NoSuchKey, known_key
from accounts.models import Project, Scope
from common.api import TooLarge, read_json
from common.errors import BadInput
from engagement.api import SampleBatch, take_samples

_view = SampleBatch.as_view()


@csrf_exempt
@login_not_required
def samples(request: HttpRequest) -> HttpResponse:
    """Answer as SampleBatch does."""
    scheme, _, shown = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if request.method != "POST" or scheme.lower() != "bearer":
        return _long_way(request)
    now = timezone.now()
    try:
        key = known_key(shown.strip(), Scope.METRICS_WRITE, now=now)
        answer = take_samples(Project(pk=key.project_id), read_json(request.body), now=now)
    except (NoSuchKey, BadInput, TooLarge, RequestDataTooBig):
        return _long_way(request)
    return HttpResponse(
        json.dumps(answer, ensure_ascii=False),
        content_type="application/json",
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _long_way(request: HttpRequest) -> HttpResponse:
    answer = _view(request)
    # Django does it on the way through the middleware.
    return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer
