"""The short way in for one thing said or a batch, for programs that send hundreds a second.

It takes what is in order. Everything else, from a wrong key to a field that cannot be read, goes to
the API's own view, which says what is wrong; so there is one place that says it.
"""

import json

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.known_keys import NoSuchKey, known_key
from accounts.models import Project, Scope
from common.api import TooLarge, read_json
from common.errors import BadInput
from common.rush import Rush
from feedback.api import FeedbackList, take
from feedback.arrivals import has_room
from feedback.tasks import ring_soon

_rush = Rush()
_view = FeedbackList.as_view()


@csrf_exempt
@login_not_required
def feedback(request: HttpRequest) -> HttpResponse:
    """Answer as FeedbackList does."""
    if request.method != "POST":
        return _long_way(request)
    scheme, _, shown = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    now = timezone.now()
    try:
        if scheme.lower() != "bearer":
            return _long_way(request)
        key = known_key(shown.strip(), Scope.FEEDBACK_WRITE, now=now)
        with _rush as is_on:
            in_a_rush = is_on and has_room()
            answer, status = take(
                Project(pk=key.project_id), read_json(request.body), now=now, in_a_rush=in_a_rush
            )
    except (NoSuchKey, BadInput, TooLarge, RequestDataTooBig):
        return _long_way(request)
    if in_a_rush:
        ring_soon()
    return HttpResponse(
        json.dumps(answer, cls=DjangoJSONEncoder, ensure_ascii=False),
        status=status,
        content_type="application/json",
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _long_way(request: HttpRequest) -> HttpResponse:
    answer = _view(request)
    # Django does it on the way through the middleware.
    return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer
