"""What every page knows."""

from typing import Any

from django.http import HttpRequest


def projects(request: HttpRequest) -> dict[str, Any]:
    """Return the projects of whoever is signed in, for the switcher in the page's head."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"my_projects": []}
    return {"my_projects": user.projects.order_by("name")}
