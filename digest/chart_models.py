"""The charts of kept digests: each picture once, however many mails show it."""

from django.db import models

from accounts.models import Project


class ChartPicture(models.Model):
    """A chart as it was drawn. It belongs to the project, as many readers get the same one."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="chart_pictures")
    fingerprint = models.CharField(max_length=64)  # of all that is drawn, and how
    png = models.BinaryField()
    alt = models.TextField()  # what it shows, in a sentence
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "fingerprint"], name="a_chart_is_drawn_once_per_project"
            )
        ]

    def __str__(self) -> str:
        return self.alt


class IssueChart(models.Model):
    """A picture in a digest that was sent: its HTML shows it as `cid:` and this name."""

    issue = models.ForeignKey("digest.Issue", models.CASCADE, related_name="charts")
    picture = models.ForeignKey(ChartPicture, models.RESTRICT, related_name="+")
    cid = models.CharField(max_length=120)  # a Content-ID (RFC 2392), without angle brackets

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issue", "cid"], name="a_mail_has_each_picture_once")
        ]

    def __str__(self) -> str:
        return self.cid


class EditionChart(models.Model):
    """A picture that the archive shows. Chats show none, and it may have reached them alone."""

    edition = models.ForeignKey("digest.Edition", models.CASCADE, related_name="charts")
    picture = models.ForeignKey(ChartPicture, models.RESTRICT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "picture"], name="an_edition_has_each_picture_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.edition_id}, {self.picture_id}"
