"""Where a deployment's page is, for answers and mails that leave Wake."""

from django.conf import settings
from django.urls import reverse

from deployments.models import Deployment


def page_of_deployment(deployment: Deployment) -> str:
    """Return the full address of the deployment's page."""
    where = {"slug": deployment.project.slug, "pk": deployment.pk}
    return settings.BASE_URL + reverse("deployment", kwargs=where)
