"""webhook_service with its neighbours faked, as its own tests have it."""

from borrowed import fixtures_of

globals().update(fixtures_of("webhook_service"))
