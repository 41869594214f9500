"""A service's own gunicorn configuration, in a process whose clock and disk a run has in its hand."""
# ruff: noqa: N999 - gunicorn's own name for the file

import os
import runpy
from pathlib import Path

from chaos.clock import mend_sleep
from chaos.disk import PAGES_FILE, limit_sqlite

mend_sleep()
if PAGES_FILE in os.environ:
    limit_sqlite(Path(os.environ[PAGES_FILE]))

globals().update(runpy.run_path(os.environ["CHAOS_GUNICORN_CONFIGURATION"]))
