from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("digest", "0001_initial")]

    operations = [
        migrations.AddField(
            "subscription", "attempts", models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField("subscription", "retry_at", models.DateTimeField(null=True)),
    ]
