"""Forgetting a customer in this room: the mails that were sent and are kept, and the archive."""

from accounts.models import Project
from common.blanking import blank_rows
from common.traces import Traces
from digest.kept import forget_kept
from digest.models import Edition, FindingMail, Issue


def forget_in_issues(project: Project, traces: Traces) -> dict[str, int]:
    """Blank the customer's words in the kept mails; return the rows by table."""
    issues = Issue.objects.filter(project=project)
    editions = Edition.objects.filter(project=project)
    mails = FindingMail.objects.filter(project=project)
    return {
        "Issue": blank_rows(issues, ["subject", "html", "text", "post"], traces),
        "Edition": blank_rows(editions, ["subject", "letter"], traces),
        "FindingMail": blank_rows(mails, ["subject", "html", "text"], traces),
        "KeptMail": forget_kept(traces),
    }
