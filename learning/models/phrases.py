"""Words and phrases that customers started, or stopped, to use after a ship."""

from django.db import models

from deployments.models import Deployment


class Phrase(models.Model):
    """One phrase whose share in what customers say changed with a ship."""

    class Turn(models.TextChoices):
        """Which way it went."""

        STARTED = "started", "Started"
        STOPPED = "stopped", "Stopped"

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="phrases")
    phrase = models.CharField(max_length=200)
    turn = models.CharField(max_length=10, choices=Turn.choices)
    score = models.FloatField()  # z of the log-odds ratio; negative for what stopped
    before_count = models.PositiveIntegerField()  # texts that use it, of before_total
    before_total = models.PositiveIntegerField()
    after_count = models.PositiveIntegerField()
    after_total = models.PositiveIntegerField()
    window = models.DurationField()  # how long after the ship that is
    about_count = models.PositiveIntegerField(default=0)  # ... most likely about this very ship
    quotes = models.JSONField(default=list)  # ids of feedback that say it best
    method = models.CharField(max_length=30)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "phrase"], name="a_phrase_turns_once_with_a_ship"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phrase}: {self.turn}"
