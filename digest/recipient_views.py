"""Who else gets the digest: addresses without an account, and addresses that are paused."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.access import project_for
from accounts.models import Role, User
from common.paging import page_of
from digest.bounces import resume as resume_address
from digest.forms import RecipientForm
from digest.models import Subscription
from digest.recipients import ANSWER_WITHIN, AskedTooMany, ask, of_project
from digest.sending import MAIL_PROBLEMS


def recipients(request: HttpRequest, slug: str) -> HttpResponse:
    """List the addresses that the digest goes to beside the members, and ask another one."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    assert isinstance(request.user, User)  # project_for has sent away everybody else
    now = timezone.now()
    form = RecipientForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["address"]
        try:
            ask(project, address, by=request.user, now=now)
        except AskedTooMany:
            messages.error(request, "Enough addresses were asked for now. Go on in an hour.")
        except MAIL_PROBLEMS as problem:
            messages.error(request, f"The mail server did not take it: {problem}. Check EMAIL_URL.")
        else:
            # The same words whatever is known of the address.
            messages.success(request, f"If {address} may be asked, a mail asks it for its yes.")
        return redirect("digest_recipients", slug)
    rows = of_project(project).select_related("user", "asked_by")
    context = {
        "project": project,
        "form": form,
        "too_old_at": now - ANSWER_WITHIN,
        "page": page_of(request, rows, by=("-pk",), size=50),
    }
    status = 400 if form.errors else 200
    return render(request, "digest/recipients.html", context, status=status)


@require_POST
def remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take an address off the list; it gets nothing more, and links in its mails end."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    row = get_object_or_404(Subscription.objects.without_account(), project=project, pk=pk)
    row.delete()
    messages.success(request, f"{row.email} gets no digests of this project any more.")
    return redirect("digest_recipients", slug)


@require_POST
def resume(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send to an address again that was refused for good."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    row = get_object_or_404(of_project(project), pk=pk)
    resume_address(row, now=timezone.now())
    messages.success(request, f"{row.address} is sent digests again, from the next one on.")
    return redirect("digest_recipients", slug)


@require_POST
def digest_resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Send to my own address again."""
    project = project_for(request.user, slug)
    row = get_object_or_404(Subscription, project=project, user=request.user)
    resume_address(row, now=timezone.now())
    messages.success(request, "Your digests come again, from the next one on.")
    return redirect("digest_preview", slug)
