"""The short way for doors that need no session, no person and no page.

Middleware for pages costs such a door more than its own work. This one stands before it, and
answers what lies under settings.SHORT_WAYS, {start of an address: the urls below it}, by itself.
The same addresses are in the urls of the site too, for whatever does not come through here.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RegexPattern

from common.overload import busy_answer, is_busy


class ShortWayMiddleware:
    """Answers the doors that need nothing of the middleware behind it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.ways = [
            (start, URLResolver(RegexPattern(r"^"), import_module(urls)))
            for start, urls in settings.SHORT_WAYS.items()
        ]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request here, or let it go the long way."""
        path = request.path_info
        for start, urls in self.ways:
            if path.startswith(start):
                try:
                    found: Any = urls.resolve(path[len(start) :])
                except Resolver404:
                    break
                request.resolver_match = found
                try:
                    answer: HttpResponse = found.func(request, *found.args, **found.kwargs)
                except OperationalError as error:
                    if not is_busy(error):
                        raise
                    body, told = busy_answer(path, str(request.META.get("CONTENT_TYPE", "")))
                    return HttpResponse(body, status=429, headers=told)
                if not answer.streaming and "Content-Length" not in answer:
                    answer["Content-Length"] = str(len(answer.content))
                return answer
        return self.get_response(request)
