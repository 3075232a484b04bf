"""What the pages of a project's settings have in common."""

from typing import Any

from django.http import HttpRequest

from accounts.access import may
from accounts.models import Project, Role


def settings_context(request: HttpRequest, project: Project) -> dict[str, Any]:
    """Return what each page of the settings is given: the project, and what this person may do."""
    return {
        "project": project,
        "is_owner": may(request, project, Role.OWNER),
        "may_connect": may(request, project, Role.MEMBER),
    }
