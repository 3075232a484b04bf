"""The doors for writing down what a ship is expected to do, and what is known beforehand."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import project_for
from accounts.models import Project, Role, User
from common.errors import BadInput
from common.pages import page_or_part
from common.values import read_duration, storable
from dashboard.reads.prior_art import PriorArt, prior_art
from deployments.hypotheses import has_been_looked_at, state_hypothesis
from deployments.models import Deployment, Goal, Hypothesis
from deployments.ship import DEFAULT_WINDOW, Expectation
from engagement.models import Metric


class HypothesisForm(forms.Form):
    """What a ship is expected to do to a metric."""

    metric = forms.CharField(
        max_length=100,
        help_text="The key of a metric; one that is not known yet is made.",
        widget=forms.TextInput({"list": "metric-keys", "autocomplete": "off"}),
    )
    direction = forms.ChoiceField(label="It will", choices=Goal.choices)
    min_effect = forms.FloatField(
        label="By at least (%)",
        min_value=0.001,
        max_value=10_000,
        help_text="The smallest change that matters, relative to where the metric stands: "
        "2 is from 10% to 10.2%.",
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )
    window = forms.CharField(label="Within", max_length=20, help_text="Such as 24h, 7d or 2w.")
    statement = forms.CharField(
        max_length=2_000, required=False, label="In your words", widget=forms.Textarea({"rows": 2})
    )
    because = forms.CharField(max_length=2_000, required=False, widget=forms.Textarea({"rows": 2}))

    def clean_window(self) -> timedelta:
        """Return the length of time that was written."""
        try:
            found = read_duration(self.cleaned_data["window"], field="window")
        except BadInput as reason:
            raise forms.ValidationError(f"This {reason.problem} {reason.mend}") from None
        return found or DEFAULT_WINDOW

    def expectation(self) -> Expectation:
        """Return what was filled in."""
        said: dict[str, Any] = self.cleaned_data
        return Expectation(
            metric=said["metric"],
            direction=said["direction"],
            min_effect=said["min_effect"] / 100,
            window=said["window"],
            statement=storable(said["statement"]).strip(),
            because=storable(said["because"]).strip(),
        )


@require_http_methods(["GET", "HEAD", "POST"])
def hypothesis(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Let a member write or change a hypothesis while it is a bet, with what is known before."""
    project = project_for(request.user, slug, at_least=Role.MEMBER)
    ship = get_object_or_404(Deployment.objects.select_related("project"), project=project, pk=pk)
    known = Hypothesis.objects.select_related("metric").filter(deployment=ship).first()
    written = _written(known) | {k: v for k, v in request.GET.items() if k in _FIELDS}
    form = HypothesisForm(request.POST if request.method == "POST" else None, initial=written)
    if request.method == "POST" and form.is_valid() and _saved(request, ship, form):
        return redirect("deployment", slug, pk)
    typed = request.POST if request.method == "POST" else written
    context = {
        "project": project,
        "ship": ship,
        "known": known,
        "form": form,
        "is_closed": has_been_looked_at(ship),
        "metrics": Metric.objects.filter(project=project).order_by("key")[:500],
        **_known_before(project, typed),
    }
    return page_or_part(request, "dashboard/hypothesis.html", "prior-art", context)


_FIELDS = frozenset(HypothesisForm.base_fields)


def _saved(request: HttpRequest, ship: Deployment, form: HypothesisForm) -> bool:
    try:
        state_hypothesis(ship, form.expectation(), now=timezone.now(), by=cast(User, request.user))
    except BadInput as reason:
        field = "metric" if reason.field == "hypothesis.metric" else None
        form.add_error(field, f"{reason.problem} {reason.mend}".strip())
        return False
    messages.success(request, "The hypothesis is saved.")
    return True


def _written(known: Hypothesis | None) -> dict[str, Any]:
    if known is None:
        return {"window": "7d", "direction": Goal.UP}
    hours = known.window.total_seconds() / 3600
    return {
        "metric": known.metric.key,
        "direction": known.direction,
        "min_effect": f"{known.min_effect * 100:.6g}",
        "window": f"{hours / 24:g}d" if hours % 24 == 0 else f"{hours:g}h",
        "statement": known.statement,
        "because": known.because,
    }


def _known_before(project: Project, typed: Any) -> dict[str, Any]:
    """Return the prior art of the metric that is being typed, and whether the bet can be seen."""
    key = storable(str(typed.get("metric") or "")).strip()[:100]
    metric = Metric.objects.filter(project=project, key=key).first() if key else None
    if metric is None:
        return {"art": None, "key": key}
    try:
        window = read_duration(typed.get("window"), field="window") or DEFAULT_WINDOW
    except BadInput:
        window = DEFAULT_WINDOW
    art = prior_art(project, metric, window=window)
    return {"art": art, "key": key, "is_too_small": _is_too_small(art, typed.get("min_effect"))}


def _is_too_small(art: PriorArt, typed: Any) -> bool:
    try:
        return art.visible is not None and 0 < float(typed) / 100 < art.visible.size
    except (TypeError, ValueError):
        return False
