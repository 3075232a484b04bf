"""What every page knows."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone


def projects(request: HttpRequest) -> dict[str, Any]:
    """Return who may switch where, which section of a project this is, and the time.

    `section` is the word behind the project in the address ("ships", "feedback", ...; "home" for
    the project itself); `here` is what its link in the navigation says in aria-current.
    """
    user = getattr(request, "user", None)
    parts = request.path.strip("/").split("/")
    in_project = parts[0] == "p" and len(parts) > 1
    return {
        "my_projects": user.projects.order_by("name") if user and user.is_authenticated else [],
        "section": (parts[2] if len(parts) > 2 else "home") if in_project else "",
        "here": "true" if len(parts) > 3 else "page",
        "now": timezone.now(),
    }
