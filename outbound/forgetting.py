"""Forgetting a customer in this room: what other programs were told, and what they answered."""

from accounts.models import Project
from common.blanking import blank_rows
from common.traces import Traces
from outbound.models import Attempt, Message


def forget_in_messages(project: Project, traces: Traces) -> dict[str, int]:
    """Blank what kept messages say of the customer; return the rows by table."""
    attempts = Attempt.objects.filter(message__hook__project=project)
    return {
        "Message": blank_rows(Message.objects.filter(hook__project=project), ["body"], traces),
        "Attempt": blank_rows(attempts, ["excerpt", "problem"], traces),
    }
