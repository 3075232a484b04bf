"""What we shipped, and why, and how we were told of it."""

from deployments.models.deliveries import (
    Delivery,
    Webhook,
    new_webhook_key,
    new_webhook_secret,
)
from deployments.models.hypotheses import (
    Goal,
    Hypothesis,
    HypothesisEdit,
)
from deployments.models.ships import (
    Adoption,
    Change,
    Checkup,
    CheckupQuerySet,
    Deployment,
    DeploymentKind,
    DeploymentQuerySet,
    DeploymentStatus,
    OtherId,
    Shipper,
)

__all__ = [
    "Adoption",
    "Change",
    "Checkup",
    "CheckupQuerySet",
    "Delivery",
    "Deployment",
    "DeploymentKind",
    "DeploymentQuerySet",
    "DeploymentStatus",
    "Goal",
    "Hypothesis",
    "HypothesisEdit",
    "OtherId",
    "Shipper",
    "Webhook",
    "new_webhook_key",
    "new_webhook_secret",
]
