"""The digest's pages: what comes next, when it comes, and what came."""

from datetime import datetime, timedelta

from csp.decorators import csp_replace
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from accounts.access import may, project_for
from accounts.models import Project, Role, User
from common.paging import page_of
from dashboard.templatetags.wake import span
from digest.by_hand import next_subject, period_until, send_sample
from digest.charts import shown_on_a_page
from digest.compose import Mail
from digest.finding_forms import FindingChoiceForm
from digest.findings import choice_of
from digest.forms import PreferencesForm, initial
from digest.frames import MAIL_IN_A_FRAME
from digest.issues import mail_for, reader_of
from digest.models import Issue, Subscription
from digest.sending import MAIL_PROBLEMS
from digest.subscribe import change_subscription, chosen, subscribe
from feedback.limits import spend

# So many tests one person has sent of one project's digest.
TESTS, TESTS_IN = 5, timedelta(minutes=10)


def digest_preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the next digest as it would be sent now, my preferences and the digests I got."""
    project = project_for(request.user, slug)
    now = timezone.now()
    subscription = _mine(request, project, now)
    before = chosen(subscription)
    form = PreferencesForm(
        request.POST if request.method == "POST" else None, initial=initial(before)
    )
    if request.method == "POST" and form.is_valid():
        change_subscription(subscription, form.choice(before), now=now)
        on = "Your preferences are kept." if subscription.is_on else "You get no more digests."
        messages.success(request, on)
        return redirect("digest_preview", slug)
    may_manage = may(request, project, Role.MEMBER)
    as_text = request.GET.get("as") == "text"
    mail = _next_mail(subscription, now) if as_text else None  # else the frame on the page has it
    context = {
        "project": project,
        "subscription": subscription,
        "form": form,
        "finding_form": _finding_form(request, project),
        "subject": mail.subject if mail else next_subject(subscription, now=now),
        "as_text": as_text,
        "text": mail.text if mail else "",
        "doubted": _doubted(subscription),
        "may_manage": may_manage,
        "others": _others(project) if may_manage else None,
        "page": page_of(
            request, _issues_of(_me(request), project), by=("-week_end_at", "-pk"), size=6
        ),
    }
    return render(request, "digest/preview.html", context, status=400 if form.errors else 200)


@require_safe
@xframe_options_sameorigin
@csp_replace(MAIL_IN_A_FRAME)  # type: ignore[arg-type]  # typed for views without arguments
def digest_preview_html(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer with the next digest's HTML alone, for the frame on its page."""
    project = project_for(request.user, slug)
    now = timezone.now()
    mail = _next_mail(_mine(request, project, now), now)
    return HttpResponse(shown_on_a_page(project, mail.html, mail.charts))


@require_POST
def digest_test(request: HttpRequest, slug: str) -> HttpResponse:
    """Send me the next digest as it is now."""
    project = project_for(request.user, slug)
    now = timezone.now()
    subscription = _mine(request, project, now)
    wait = spend(f"digest test {subscription.pk}", most=TESTS, span=TESTS_IN, now=now)
    if wait:
        messages.error(request, f"{TESTS} tests were sent lately. Go on in {span(wait)}.")
        return redirect("digest_preview", slug)
    try:
        send_sample(subscription, now=now)
    except MAIL_PROBLEMS as problem:
        messages.error(request, f"The mail server did not take it: {problem}. Check EMAIL_URL.")
    else:
        messages.success(request, f"A test is on its way to {subscription.address}.")
    return redirect("digest_preview", slug)


@require_safe
def digest_issue(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show a digest that I got."""
    project = project_for(request.user, slug)
    issue = get_object_or_404(_issues_of(_me(request), project), pk=pk)
    as_text = request.GET.get("as") == "text"
    context = {"project": project, "issue": issue, "as_text": as_text}
    return render(request, "digest/issue.html", context)


@require_safe
@xframe_options_sameorigin
@csp_replace(MAIL_IN_A_FRAME)  # type: ignore[arg-type]  # typed for views without arguments
def digest_issue_html(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Answer with the HTML alone of a digest that I got, for the frame on its page."""
    project = project_for(request.user, slug)
    issue = get_object_or_404(_issues_of(_me(request), project), pk=pk)
    return HttpResponse(shown_on_a_page(project, issue.html))


def _finding_form(request: HttpRequest, project: Project) -> FindingChoiceForm | None:
    """Return my choices about mails at once; viewers are told of nothing at once."""
    if not may(request, project, Role.MEMBER):
        return None
    choice = choice_of(project, _me(request))
    return FindingChoiceForm(
        initial={name: getattr(choice, name) for name in FindingChoiceForm.base_fields},
        auto_id="id_finding_%s",
    )


def _mine(request: HttpRequest, project: Project, now: datetime) -> Subscription:
    return subscribe(project, _me(request), now=now)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # project_for has sent away everybody else
    return request.user


def _next_mail(subscription: Subscription, now: datetime) -> Mail:
    return mail_for(
        subscription.project, period_until(subscription, now), reader_of(subscription), now=now
    )


def _others(project: Project) -> int:
    return Subscription.objects.without_account().filter(project=project).count()


def _doubted(subscription: Subscription) -> Issue | None:
    """Return the last issue, if nobody can know whether it arrived."""
    last = subscription.issues.exclude(handing_at=None).order_by("-handing_at").first()
    return last if last and last.doubted_at and last.sent_at is None else None


def _issues_of(reader: User, project: Project) -> QuerySet[Issue]:
    """Return what the reader got, and what may have arrived."""
    left = Q(sent_at__isnull=False) | Q(doubted_at__isnull=False)
    return Issue.objects.filter(left, project=project, subscription__user=reader)
