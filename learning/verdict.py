"""What a measured change says of the hypothesis that a deployment was shipped for. Pure."""

from django.db.models import TextChoices


class Verdict(TextChoices):
    """The words for it, in the order in which they are considered."""

    TOO_EARLY = "too_early", "Too early to tell"
    INSUFFICIENT_DATA = "insufficient_data", "Not enough data"
    CONFOUNDED = "confounded", "Mixed with another ship"
    SUPPORTED = "supported", "Supported"
    REFUTED = "refuted", "Refuted"
    NO_EFFECT = "no_effect", "No effect of that size"
    INCONCLUSIVE = "inconclusive", "Inconclusive"
    NO_HYPOTHESIS = "no_hypothesis", "No hypothesis"
