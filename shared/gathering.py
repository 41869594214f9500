"""Gathers the requests whose bytes are there at the same time, so that they are answered together."""

from typing import TYPE_CHECKING

import gevent
from gevent.event import Event

from shared.json_endpoint import Answer, End, JsonEndpoint

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_MOST = 8  # requests, so that the first does not wait for long


class _Guest:
    """A request of a party; `answer` once it was answered together with the others."""

    __slots__ = ("answer", "environ", "over")

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self.environ = environ
        self.over = Event()
        self.answer: Answer | None = None


class Gathering:
    """Answers one endpoint's requests, each asked for by its own greenlet."""

    def __init__(self, endpoint: JsonEndpoint) -> None:
        """Take the endpoint."""
        self._endpoint = endpoint
        self._party: list[_Guest] = []

    def answer(self, environ: "WSGIEnvironment") -> tuple[Answer, End]:
        """Answer a request, together with those that come now; by itself where that would wait."""
        if len(self._party) >= _MOST:
            self._party = []
        guest, party = _Guest(environ), self._party
        party.append(guest)
        end = _nothing
        if party[0] is guest:
            end = self._answer(party)
        else:
            guest.over.wait()
        if guest.answer:
            return guest.answer, end
        environ["wsgi.input"].seek(0)
        return self._endpoint.answer(environ)

    def _answer(self, party: list[_Guest]) -> End:
        """Answer all of a party; return what is left to do once the first has its answer."""
        try:
            gevent.sleep(0)  # lets the other greenlets of this turn of the loop come here
            if self._party is party:
                self._party = []
            answers, end = self._endpoint.answer_together([guest.environ for guest in party])
            for guest, answer in zip(party, answers, strict=True):
                guest.answer = answer
        finally:
            for guest in party:
                guest.over.set()
        if len(party) == 1:
            return end
        gevent.spawn(end)  # it runs after those who were told just now
        return _nothing


def _nothing() -> None:
    pass
