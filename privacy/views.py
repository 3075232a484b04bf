"""The doors of a customer's page: see what is stored of them, hand it out, erase it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from accounts.access import may, project_for
from accounts.models import Role, User
from feedback.models import Customer, Erasure
from privacy.erasing import erase_customer, person_of
from privacy.exporting import export_customer

SHOWN = 50
CONFIRMED_BY = "erase"


@require_safe
def customer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show who a customer is and what they said."""
    project = project_for(request.user, slug)
    found = get_object_or_404(Customer, project=project, pk=pk)
    person = person_of(found)
    context = {
        "project": project,
        "customer": found,
        "others": [one for one in person.customers if one.pk != found.pk],
        "items": sorted(person.items, key=lambda one: (one.said_at, one.pk), reverse=True)[:SHOWN],
        "count": len(person.items),
        "shown": SHOWN,
        "is_owner": may(request, project, Role.OWNER),
        "word": CONFIRMED_BY,
    }
    return render(request, "privacy/customer.html", context)


@require_safe
def customer_export(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Hand out all that is stored of a customer, as a JSON file."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    found = get_object_or_404(Customer.objects.select_related("project"), project=project, pk=pk)
    document = export_customer(found, now=timezone.now())
    name = f"{slugify(project.name)}-customer-{found.pk}.json"
    return JsonResponse(
        document,
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


@require_POST
def customer_erase(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Erase a customer, if the word that confirms it was typed."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    found = get_object_or_404(Customer.objects.select_related("project"), project=project, pk=pk)
    if request.POST.get("confirm", "").strip().lower() != CONFIRMED_BY:
        messages.error(request, f"Nothing was erased: type “{CONFIRMED_BY}” to confirm.")
        return redirect("customer", slug=slug, pk=pk)
    assert isinstance(request.user, User)
    proof = erase_customer(found, by=request.user, now=timezone.now())
    messages.success(request, f"The customer was erased. The proof is {proof.reference}.")
    return redirect("erasures", slug=slug)


@require_safe
def erasures(request: HttpRequest, slug: str) -> HttpResponse:
    """List the proofs of what was erased."""
    project = project_for(request.user, slug, at_least=Role.OWNER)
    rows = Erasure.objects.filter(project=project).select_related("by")
    context = {"project": project, "erasures": rows.order_by("-erased_at", "-pk")[:SHOWN]}
    return render(request, "privacy/erasures.html", context)
