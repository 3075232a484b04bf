"""Answering with a page, or with only the part of it that htmx asks for."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def page_or_part(
    request: HttpRequest, template: str, part: str, context: dict[str, Any]
) -> HttpResponse:
    """Return the whole page, or its partial `part` where htmx is to swap the element of that id.

    Without JavaScript, and when htmx restores a page from history, that is the whole page.
    """
    asked = request.headers.get("HX-Target") == part
    whole = not asked or request.headers.get("HX-History-Restore-Request") == "true"
    response = render(request, template if whole else f"{template}#{part}", context)
    # Both live at one address, so a cache must not mistake one for the other.
    patch_vary_headers(response, ["HX-Target", "HX-History-Restore-Request"])
    return response


def is_a_persons_look(request: HttpRequest) -> bool:
    """Return True if a person asked for this page: no program ahead of them, no page by itself.

    Browsers fetch ahead what may be opened next and say so; htmx asks again every few seconds for a
    page that may lie in a forgotten tab.
    """
    said = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    ahead = any("prefetch" in word or "prerender" in word for word in said)
    return request.method == "GET" and not ahead and "HX-Request" not in request.headers


def code_pieces(text: str) -> list[tuple[str, bool]]:
    """Return a text in pieces, each with whether it is code: what stands between backticks."""
    return [(piece, index % 2 == 1) for index, piece in enumerate(re.split("`", text)) if piece]
