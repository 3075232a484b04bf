"""Files of feedback that are read in."""

from django.db import models

from accounts.models import Project, User


class Import(models.Model):
    """A file of feedback being read in, and how far that is; a worker moves it on."""

    class State(models.TextChoices):
        """How far an import is."""

        UPLOADED = "uploaded", "Waiting for its columns"
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    project = models.ForeignKey(Project, models.CASCADE, related_name="imports")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    file = models.FileField(upload_to="imports/")
    name = models.CharField(max_length=200)
    mapping = models.JSONField(default=dict)
    source = models.CharField(max_length=40, default="import")
    zone = models.CharField(max_length=64, default="UTC")
    rating_scale = models.CharField(max_length=10, blank=True)  # of every row that names none
    dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
