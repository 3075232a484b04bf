from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0011_telemetry_and_how_metrics_are_fed'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='eventcount',
            index=models.Index(fields=['project', 'starts_at'], name='event_counts_by_time'),
        ),
        migrations.AddIndex(
            model_name='versionuse',
            index=models.Index(fields=['project', 'starts_at'], name='version_uses_by_time'),
        ),
    ]
