"""The doors to mails that were kept to be read where no mail server takes them to anybody."""

from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.models import User
from common.mail import goes_nowhere
from common.paging import page_of
from digest.kept import KeptMail, may_read, opened, readable_by

# As for digests, and with the pictures that came in the mail itself.
MAIL_IN_A_FRAME = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "form-action": ["'none'"],
}


@require_safe
@never_cache
def mails(request: HttpRequest) -> HttpResponse:
    """List the last mails that left, as far as this person may read them."""
    reader = _reader(request)
    rows = readable_by(reader).defer("raw").select_related("project")
    context = {
        "page": page_of(request, rows, by=("-pk",), size=25),
        "goes_nowhere": goes_nowhere(),
        "sees_all": reader.is_staff,
    }
    return render(request, "digest/mails.html", context)


@require_safe
@never_cache
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one mail as it left, and its headers."""
    kept = _mail(request, pk)
    context = {"mail": kept, "read": opened(kept), "as_text": request.GET.get("as") == "text"}
    return render(request, "digest/mail.html", context)


@require_safe
@never_cache
@xframe_options_sameorigin
@csp_replace(MAIL_IN_A_FRAME)  # type: ignore[arg-type]  # typed for views without arguments
def mail_html(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the HTML of one mail alone, for the frame on its page."""
    return HttpResponse(opened(_mail(request, pk)).html)


@require_safe
@never_cache
def mail_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with one mail as a file that mail programs open."""
    kept = _mail(request, pk)
    answer = HttpResponse(bytes(kept.raw), content_type="message/rfc822")
    answer["Content-Disposition"] = f'attachment; filename="mail-{kept.pk}.eml"'
    return answer


def _reader(request: HttpRequest) -> User:
    """Return who asks, if there is a page of mails for them; else Http404."""
    user = request.user
    if not isinstance(user, User) or not user.is_active or not may_read(user):
        raise Http404("There is no such page.")
    return user


def _mail(request: HttpRequest, pk: int) -> KeptMail:
    return get_object_or_404(readable_by(_reader(request)).select_related("project"), pk=pk)
