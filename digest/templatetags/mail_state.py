"""Tags for how mails fare: `{% load mail_state %}`."""

from typing import Any

from django import template
from django.conf import settings
from django.template import RequestContext

from accounts.access import may
from accounts.models import Project, Role, User
from common.mail import goes_nowhere
from digest.outage import bounce_trouble, doubted_of, waiting_in

register = template.Library()


@register.simple_tag
def reads_all_mails(user: Any) -> bool:
    """Return True if this person runs Wake, and mails are kept to be read."""
    return bool(isinstance(user, User) and user.is_staff and settings.KEEP_MAILS > 0)


@register.inclusion_tag("digest/mail_state.html", takes_context=True)
def mail_state(context: RequestContext, project: Project) -> dict[str, Any]:
    """Show what keeps the project's mails from arriving: to members, and to nobody else."""
    request = context["request"]
    if not may(request, project, Role.MEMBER):
        return {"is_shown": False}
    owns = may(request, project, Role.OWNER)
    return {
        "is_shown": True,
        "goes_nowhere": goes_nowhere(),
        "may_read": settings.KEEP_MAILS > 0 and (owns or request.user.is_staff),
        "waiting": waiting_in(project),
        "doubted": doubted_of(project, request.user),
        "trouble": bounce_trouble() if owns else "",
    }
