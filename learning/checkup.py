"""The story on one page: link what customers said, estimate, decide, record."""

from datetime import datetime, timedelta

from django.db import transaction

from deployments.adoption import is_measured, put_off
from deployments.models import Checkup, Deployment, Hypothesis
from learning.drafting import Voices, draft
from learning.estimating import estimate_checkup
from learning.findings import find_at_checkup
from learning.intake import draft_learning
from learning.linking import link_feedback, relink_since
from learning.models import Attribution, ImpactEstimate
from learning.replies import draft_replies
from learning.telling import phrases_of, started_since, store_phrases
from learning.verdict import Verdict, decide

# A ship that was shipped for no stated reason is written up when a week has passed.
WITHOUT_HYPOTHESIS = timedelta(days=7)
# ... if a metric moved, or at least so many customers spoke of it.
WORTH_A_DRAFT = 3
QUOTES = 3
QUOTE_LENGTH = 240

# What a later checkup of the same metric rewrites; the window and the words move with it.
ESTIMATE_FIELDS = [
    "word", "effect", "low", "high", "p_value", "smallest_visible", "is_real", "window_start_at",
    "window_end_at", "look_again_at", "note", "details", "method", "inputs_digest", "beside",
    "estimated_at",
]  # fmt: skip


def perform_checkup(checkup: Checkup, *, now: datetime) -> None:
    """Look back at a deployment as it stands `now`. Safe to run twice: the effect is one."""
    deployment = checkup.deployment
    if is_measured(deployment, now=now) and put_off(checkup, now=now):
        return
    freeze_hypothesis(deployment, now=now)
    relink_since(deployment)
    link_feedback(deployment.project, now=now)
    estimates = estimate_checkup(checkup, now=now)
    phrases = phrases_of(deployment, now=now, horizon=checkup.horizon)
    with transaction.atomic():
        # Two checkups of one ship may run side by side; what they record, they record in turn.
        Deployment.objects.select_for_update().get(pk=deployment.pk)
        ImpactEstimate.objects.bulk_create(
            estimates,
            update_conflicts=True,
            unique_fields=["checkup", "metric"],
            update_fields=ESTIMATE_FIELDS,
        )
        store_phrases(deployment, phrases)
        record_learning(checkup, estimates, now=now)
        draft_replies(deployment, now=now)
        find_at_checkup(checkup, estimates, now=now)
        Checkup.objects.filter(pk=checkup.pk).update(finished_at=now, problem="")


def freeze_hypothesis(deployment: Deployment, *, now: datetime) -> None:
    """Keep the hypothesis as it stands before anything is looked at, so that it stays a bet."""
    Hypothesis.objects.filter(deployment=deployment, frozen_at=None).update(frozen_at=now)


def record_learning(checkup: Checkup, estimates: list[ImpactEstimate], *, now: datetime) -> None:
    """Draft the learning if this checkup is the one that decides, or a later one."""
    deployment = checkup.deployment
    hypothesis = Hypothesis.objects.select_related("metric").filter(deployment=deployment).first()
    decides_at = hypothesis.window if hypothesis else WITHOUT_HYPOTHESIS
    if checkup.horizon < decides_at or not deployment.environment.reaches_customers:
        return
    estimates = told_so_far(checkup, estimates, since=decides_at)
    voices = customers_on(deployment)
    verdict = judge(hypothesis, checkup, estimates) if hypothesis else Verdict.NO_HYPOTHESIS
    if hypothesis is None and not is_worth_a_draft(deployment, estimates, voices):
        return
    draft_learning(checkup, draft(deployment, hypothesis, verdict, estimates, voices), now=now)


def is_worth_a_draft(
    deployment: Deployment, estimates: list[ImpactEstimate], voices: Voices
) -> bool:
    """Return True if a ship without a hypothesis has something to tell.

    A metric moved, or customers spoke of it. Of a ship that was reported long after the fact, as
    when years of history are imported, only a metric that moved: nobody who shipped it waits.
    """
    if any(row.is_real for row in estimates):
        return True
    is_history = deployment.received_at - deployment.shipped_at > WITHOUT_HYPOTHESIS
    return voices.count >= WORTH_A_DRAFT and not is_history


def told_so_far(
    checkup: Checkup, estimates: list[ImpactEstimate], *, since: timedelta
) -> list[ImpactEstimate]:
    """Return these estimates, each that has no number replaced by the last one that had.

    A look after four weeks, when other ships came in between, must not take away what the look
    after one week could tell. Looks before `since` were too early to count.
    """
    earlier = ImpactEstimate.objects.filter(
        deployment=checkup.deployment,
        word="estimated",
        checkup__horizon__gte=since,
        checkup__horizon__lt=checkup.horizon,
    ).select_related("metric")
    last = {row.metric_id: row for row in earlier.order_by("checkup__horizon")}
    return [row if row.effect is not None else last.get(row.metric_id, row) for row in estimates]


def judge(hypothesis: Hypothesis, checkup: Checkup, estimates: list[ImpactEstimate]) -> Verdict:
    """Return what this checkup says of the hypothesis."""
    row = next((row for row in estimates if row.metric_id == hypothesis.metric_id), None)
    return decide(
        goal=hypothesis.goal,
        word=row.word if row else "insufficient_data",
        effect=row.effect if row else None,
        low=row.low if row else None,
        high=row.high if row else None,
        window_over=checkup.horizon >= hypothesis.window,
    )


def customers_on(deployment: Deployment) -> Voices:
    """Return what customers said about what the ship changed, worst and surest first.

    Whoever runs its version but speaks of something else is not quoted.
    """
    said = Attribution.objects.heard().filter(deployment=deployment, is_best=True, on_topic=True)
    telling = (
        said.exclude(feedback__text="")
        .order_by("feedback__rating", "-probability", "feedback_id")
        .values_list("feedback__text", flat=True)[: 4 * QUOTES]
    )
    quotes = dict.fromkeys(_shorten(text) for text in telling)  # customers repeat each other
    return Voices(
        count=said.count(),
        bad=said.filter(feedback__mood="bad").count(),
        quotes=tuple(quotes)[:QUOTES],
        started=started_since(deployment),
    )


def _shorten(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= QUOTE_LENGTH else words[: QUOTE_LENGTH - 1].rstrip() + "…"
