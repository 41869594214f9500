"""config_service with a real database, as its own tests have it."""

from borrowed import fixtures_of

globals().update(fixtures_of("config_service"))
globals().update(fixtures_of("config_service/api"))
