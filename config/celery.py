"""The Celery app and the whole timetable: everything Wake does by itself starts from here."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("wake")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["learning"], related_name="reply_tasks")
app.autodiscover_tasks(["learning"], related_name="source_tasks")
app.autodiscover_tasks(["learning"], related_name="event_metric_tasks")
app.autodiscover_tasks(["learning", "digest"], related_name="finding_tasks")
app.autodiscover_tasks(["engagement"], related_name="counting_tasks")
app.autodiscover_tasks(["engagement"], related_name="telemetry_tasks")
app.autodiscover_tasks(["digest"], related_name="bounce_tasks")

# What is due is a row in the database. These bells only make a worker look, so a bell that is
# lost or rung twice does no harm: `expires` keeps them from piling up while no worker runs.
app.conf.beat_schedule = {
    "start due checkups": {
        "task": "learning.tasks.start_due_checkups",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "link new feedback to ships": {
        "task": "learning.tasks.link_new_feedback",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "test metrics on quiet days": {
        "task": "learning.tasks.make_placebo_records",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "look after replies to customers": {
        "task": "learning.reply_tasks.look_after_replies",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "look after findings nobody has seen": {
        "task": "learning.finding_tasks.look_after_findings",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "score the attribution": {
        "task": "learning.tasks.sit_due_exams",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "start queued imports": {
        "task": "feedback.tasks.start_queued_imports",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "sort new feedback": {
        "task": "feedback.tasks.sort_new_feedback",
        "schedule": 10.0,
        "options": {"expires": 60},
    },
    "gather feedback": {
        "task": "feedback.tasks.gather_due_connections",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "gather metrics": {
        "task": "learning.source_tasks.gather_due_feeds",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "work out metrics of events": {
        "task": "learning.event_metric_tasks.work_out_due_metrics",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "add samples up by the hour and the day": {
        "task": "engagement.tasks.roll_up_samples",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "drop old points of instruments": {
        "task": "engagement.telemetry_tasks.drop_what_is_old",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "count new events": {
        "task": "engagement.counting_tasks.count_new_events",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "keep events in bounds": {
        "task": "engagement.counting_tasks.keep_events_in_bounds",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "record calls left behind": {
        "task": "feedback.tasks.record_calls_left_behind",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "forget old calls": {
        "task": "feedback.tasks.forget_old_calls",
        "schedule": 6 * 3600.0,
        "options": {"expires": 3600},
    },
    "start bulk actions": {
        "task": "dashboard.tasks.start_bulk_actions",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "tell the news": {
        "task": "outbound.tasks.tell_the_news",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "record deliveries left behind": {
        "task": "deployments.tasks.record_deliveries_left_behind",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "measure how far ships are taken up": {
        "task": "deployments.tasks.measure_adoption",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "forget old deliveries": {
        "task": "deployments.tasks.forget_old_deliveries",
        "schedule": 6 * 3600.0,
        "options": {"expires": 3600},
    },
    "clear files after erasures": {
        "task": "privacy.tasks.sweep_after_erasures",
        "schedule": 120.0,
        "options": {"expires": 120},
    },
    "mail findings at once": {
        "task": "digest.finding_tasks.send_due_finding_mails",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "read mails that came back": {
        "task": "digest.bounce_tasks.read_bounce_mailbox",
        "schedule": 300.0,
        "options": {"expires": 240},
    },
    "sweep pictures that no digest shows": {
        "task": "digest.tasks.sweep_chart_pictures",
        "schedule": 6 * 3600.0,
        "options": {"expires": 3600},
    },
    "send due digests": {
        "task": "digest.tasks.send_due_digests",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}
