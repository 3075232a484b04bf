"""How much may come from one place in a while."""

from django.db import models


class Allowance(models.Model):
    """What somebody has used of what they may send in a span of time; removed soon after it."""

    # A keyed fingerprint of who and when: of no use to find out who it was, nor in the next span.
    mark = models.CharField(max_length=64, unique=True)
    used = models.PositiveIntegerField(default=0)
    until_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.used} until {self.until_at}"
