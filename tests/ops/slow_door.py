"""Wake with a door that takes a while, so that a handful of callers is more than it can take."""

import time

from config.wsgi import application


class Slowed:
    """Answers as another application does, later."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def __call__(self, environ, start_response):
        time.sleep(0.03)
        return self.answer(environ, start_response)


application.application = Slowed(application.application)
