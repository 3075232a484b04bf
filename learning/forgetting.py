"""Forgetting a customer in this room: learnings, findings and phrases that quote them."""

from collections.abc import Iterable

from accounts.models import Project
from common.blanking import blank_rows
from common.traces import Traces
from learning.models import Attribution, Finding, FindingEvent, Learning, Phrase, Reply, Tag


def forget_in_learnings(project: Project, keys: Iterable[int], traces: Traces) -> dict[str, int]:
    """Blank what was quoted from feedback with these keys; return the rows by table."""
    replies = Reply.objects.filter(project=project).exclude(feedback__in=list(keys))
    reasons = Attribution.objects.filter(feedback__project=project, reasons__icontains="customer")
    return {
        "Learning": blank_rows(
            Learning.objects.filter(project=project), ["headline", "evidence", "takeaway"], traces
        ),
        "Tag": _forget_tags(project, traces),
        "Finding": blank_rows(
            Finding.objects.filter(project=project), ["key", "headline", "evidence"], traces
        ),
        "FindingEvent": blank_rows(
            FindingEvent.objects.filter(finding__project=project), ["text"], traces
        ),
        "Phrase": _forget_quotes(project, set(keys), traces),
        "Reply": blank_rows(replies, ["text", "sent_as", "problem"], traces),
        "Attribution": blank_rows(reasons, ["reasons"], traces),
    }


def _forget_tags(project: Project, traces: Traces) -> int:
    # A tag that names them is taken off: two of them blanked alike could not both be kept.
    named = [tag.pk for tag in Tag.objects.filter(project=project) if traces.are_in(tag.name)]
    Tag.objects.filter(pk__in=named).delete()
    return len(named)


def _forget_quotes(project: Project, keys: set[int], traces: Traces) -> int:
    phrases = Phrase.objects.filter(deployment__project=project)
    changed = []
    for phrase in phrases:
        kept = [key for key in phrase.quotes if key not in keys]
        if kept != phrase.quotes:
            phrase.quotes = kept
            changed.append(phrase)
    Phrase.objects.bulk_update(changed, ["quotes"], batch_size=200)
    # A phrase that is all one customer's is a quote too.
    return len(changed) + blank_rows(phrases, ["phrase"], traces)
