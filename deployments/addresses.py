"""Where a deployment's page is, for answers and mails that leave Wake."""

from django.conf import settings

from deployments.models import Deployment


def page_of_deployment(deployment: Deployment) -> str:
    """Return the full address of the deployment's page."""
    return f"{settings.BASE_URL}/p/{deployment.project.slug}/ships/{deployment.pk}/"
