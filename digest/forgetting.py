"""Forgetting a customer in this room: the digests that were sent and are kept."""

from accounts.models import Project
from common.blanking import blank_rows
from common.traces import Traces
from digest.models import Issue


def forget_in_issues(project: Project, traces: Traces) -> dict[str, int]:
    """Blank the customer's words in the kept digests; return the rows by table."""
    issues = Issue.objects.filter(project=project)
    return {"Issue": blank_rows(issues, ["subject", "html", "text"], traces)}
