"""What we learned. Every row keeps the name of the method that made it."""

from learning.models.attributions import Attribution, AttributionFit, Correction
from learning.models.estimates import (
    ImpactEstimate,
    PlaceboRecord,
    Recalculated,
    Rerun,
    RerunPart,
    Untouched,
)
from learning.models.findings import (
    Finding,
    FindingChoice,
    FindingEvent,
    FindingNotice,
    ShipLook,
)
from learning.models.learnings import Learning, LearningQuerySet, Tag
from learning.models.phrases import Phrase
from learning.models.replies import Reply

__all__ = [
    "Attribution",
    "AttributionFit",
    "Correction",
    "Finding",
    "FindingChoice",
    "FindingEvent",
    "FindingNotice",
    "ImpactEstimate",
    "Learning",
    "LearningQuerySet",
    "Phrase",
    "PlaceboRecord",
    "Recalculated",
    "Reply",
    "Rerun",
    "RerunPart",
    "ShipLook",
    "Tag",
    "Untouched",
]
