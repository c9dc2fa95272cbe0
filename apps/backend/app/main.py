"""What uvicorn runs: ``python -m uvicorn app.main:app``."""

from __future__ import annotations

import logging

from app import logs
from app.factory import create_app
from app.settings import Settings, SettingsError, load

logs.configure()
try:
    settings = load(Settings)
except SettingsError as error:
    for problem in error.problems:
        logging.getLogger("app").critical(problem)
    raise SystemExit(1) from None
logs.configure(settings.log_level)
app = create_app(settings)
