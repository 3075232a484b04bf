"""The doors for what a learning is filed under, and which other ships taught it."""

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.access import project_for
from accounts.models import Role
from common.errors import BadInput
from learning.models import Learning
from learning.tagging import (
    add_tag,
    also_taught,
    not_taught_by,
    remove_tag,
    suggested_for,
    tags_in_use,
)


@require_POST
def learning_filed(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Add or remove a tag (`add`, `remove`) or another ship that taught it (`ship`, `unship`)."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    current = Learning.objects.current().select_related("deployment")  # older ones are history
    learning = get_object_or_404(current, project=project, pk=pk)
    problem = _file(learning, request)
    if request.headers.get("HX-Request") != "true":
        if problem:
            messages.error(request, problem)
        return redirect("learning", slug=slug, pk=pk)
    context = {
        "project": project,
        "learning": learning,
        "may_edit": True,
        "filing_problem": problem,
        "suggested": suggested_for(learning, tags_in_use(project)),
    }
    return render(request, "learning/learning.html#filing", context)


def _file(learning: Learning, request: HttpRequest) -> str:
    """Do what the form asks for; return what is wrong with it, or nothing."""
    asked = request.POST
    try:
        if "remove" in asked:
            remove_tag(learning, asked["remove"])
        elif "unship" in asked:
            number = asked["unship"]
            not_taught_by(learning, int(number) if re.fullmatch(r"[0-9]{1,15}", number) else 0)
        elif "ship" in asked:
            also_taught(learning, asked["ship"])
        else:
            # Several at once, as people write lists.
            for name in asked.get("add", "").split(",")[:20] or [""]:
                add_tag(learning, name)
    except BadInput as wrong:
        what = "That ship" if wrong.field == "ship" else "The tag"
        return f"{what} {wrong.problem} {wrong.mend}".strip()
    return ""
