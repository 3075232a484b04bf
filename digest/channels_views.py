"""The doors of the page on chat channels that get the digest."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import may, project_for
from accounts.models import Project, Role, User
from common.paging import page_of
from dashboard.templatetags.wake import span
from digest.bounces import resume
from digest.channel_models import Channel
from digest.channels import TooManyChannels, add_channel, change_channel, masked
from digest.channels_by_hand import send_channel_test
from digest.channels_forms import ChannelForm
from digest.chat_formats import FORMATS
from digest.chat_sending import NotTaken
from digest.forms import initial
from digest.handover import MayHaveArrived
from digest.models import Issue, Subscription
from digest.subscribe import Choice, chosen
from feedback.limits import spend

# So many tests are posted for one project, whoever asks for them.
TESTS, TESTS_IN = 10, timedelta(minutes=10)


@require_safe
def channels(request: HttpRequest, slug: str) -> HttpResponse:
    """List the channels that get the digest."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    rows = Subscription.objects.filter(project=project, channel__isnull=False)
    context = {
        "project": project,
        "rows": rows.select_related("channel").order_by("pk"),
        "may_manage": True,
        "may_change": may(request, project, Role.OWNER),
    }
    return render(request, "digest/channels.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def channel_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a channel; a test may be posted there before it is kept."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    assert isinstance(request.user, User)  # project_for has sent away everybody else
    now = timezone.now()
    first = {**initial(Choice(timezone=project.timezone)), "with_words": True}
    form = ChannelForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_valid():
        subscription = _unsaved(project, form, now)
        assert subscription.channel is not None
        if "test" in request.POST:
            _test(request, subscription, now)
        else:
            try:
                kept = add_channel(
                    subscription.channel, form.choice(Choice()), by=request.user, now=now
                )
            except TooManyChannels:
                messages.error(request, "The project has many channels already. Remove one first.")
                return redirect("digest_channels", slug)
            messages.success(request, f"{kept.channel} gets the digest from now on.")
            return redirect("digest_channel", slug, kept.pk)
    context = {"project": project, "form": form, "formats": FORMATS}
    status = 400 if form.errors else 200
    return render(request, "digest/channel_new.html", context, status=status)


def _unsaved(project: Project, form: ChannelForm, now: datetime) -> Subscription:
    said, choice = form.cleaned_data, form.choice(Choice())
    channel = Channel(
        project=project, chat=said["chat"], name=said["name"], url=said["url"],
        with_words=said["with_words"], made_at=now,
    )  # fmt: skip
    return Subscription(
        project=project, channel=channel, rhythm=choice.rhythm, weekday=choice.weekday,
        monthday=choice.monthday, hour=choice.hour, timezone=choice.timezone,
    )  # fmt: skip


def _test(request: HttpRequest, subscription: Subscription, now: datetime) -> None:
    """Post a test, and say on the next page what came of it."""
    wait = spend(f"channel test {subscription.project_id}", most=TESTS, span=TESTS_IN, now=now)
    if wait:
        messages.error(request, f"{TESTS} tests were sent lately. Go on in {span(wait)}.")
        return
    try:
        send_channel_test(subscription, now=now)
    except NotTaken as answer:
        messages.error(request, f"The test did not arrive. {answer}")
    except MayHaveArrived as lost:
        messages.warning(request, f"Look whether the test arrived: {lost}")
    else:
        messages.success(request, f"The test is in {subscription.channel}.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def channel(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show a channel with what was posted there, or change it."""
    role = Role.OWNER if request.method == "POST" else Role.MEMBER
    project = project_for(request.user, slug, at_least=role)
    row = _row(project, pk)
    assert row.channel is not None
    before = chosen(row)
    known = {**initial(before), "name": row.channel.name, "with_words": row.channel.with_words}
    sent = request.POST if request.method == "POST" else None
    form = ChannelForm(sent, initial=known, known=row.channel)
    if form.is_valid():
        said = form.cleaned_data
        change_channel(
            row, name=said["name"], url=said["url"], with_words=said["with_words"],
            choice=form.choice(before), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, "Saved.")
        return redirect("digest_channel", slug, pk)
    posts = Issue.objects.filter(subscription=row)
    context: dict[str, Any] = {
        "project": project,
        "row": row,
        "form": form,
        "masked": masked(row.channel.url),
        "next_due_at": row.next_due_at.astimezone(row.plan.zone),
        "may_change": may(request, project, Role.OWNER),
        "page": page_of(request, posts, by=("-week_end_at", "-pk"), size=25),
    }
    status = 400 if form.errors else 200
    return render(request, "digest/channel.html", context, status=status)


def _row(project: Project, pk: int) -> Subscription:
    rows = Subscription.objects.select_related("channel__made_by", "project")
    return get_object_or_404(rows, project=project, pk=pk, channel__isnull=False)


@require_POST
def channel_test(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Post a test to a channel."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    _test(request, _row(project, pk), timezone.now())
    return redirect("digest_channel", slug, pk)


@require_POST
def channel_resume(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Post to a channel again that refused for good."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = _row(project, pk)
    resume(row, now=timezone.now())
    messages.success(request, f"{row.channel} gets the digest again, from the next one on.")
    return redirect("digest_channel", slug, pk)


@require_POST
def channel_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Remove a channel and its secret address."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    row = _row(project, pk)
    assert row.channel is not None
    row.channel.delete()
    messages.success(request, f"{row.channel} gets no more digests.")
    return redirect("digest_channels", slug)
