"""The web server's entry: `gunicorn config.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from common.overload import Shedding

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = Shedding(get_wsgi_application())
