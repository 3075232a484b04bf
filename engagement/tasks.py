"""The doorbell for adding samples up."""

import time
from typing import Any

from celery import shared_task

from engagement.rolling import roll_up

# A turn ends after so long; what is left is taken by the next one.
TURN_SECONDS = 40


@shared_task
def roll_up_samples(**_: Any) -> None:
    """Bring the sums of hours and days up to date, the newest months first."""
    ends = time.monotonic() + TURN_SECONDS
    while roll_up() and time.monotonic() < ends:
        continue
