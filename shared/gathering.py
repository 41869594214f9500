"""Gathers the requests whose bytes are there at the same time, so that they are answered together."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event

from shared.json_endpoint import Answer, End, JsonEndpoint
from shared.plain_answers import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MOST = 16  # requests, so that the first does not wait for long


class _Guest:
    """A request of a party; `answer` once it was answered together with the others."""

    __slots__ = ("answer", "environ", "reply")

    def __init__(self, environ: "WSGIEnvironment", reply: Reply) -> None:
        self.environ = environ
        self.reply = reply
        self.answer: Answer | None = None


class _Party:
    """Requests that are answered together."""

    __slots__ = ("guests", "over")

    def __init__(self) -> None:
        self.guests: list[_Guest] = []
        self.over = Event()


class Gathering:
    """Answers one endpoint's requests, each asked for by its own greenlet."""

    def __init__(self, endpoint: JsonEndpoint) -> None:
        """Take the endpoint."""
        self._endpoint = endpoint
        self._open: _Party | None = None

    def answer(self, environ: "WSGIEnvironment", reply: Reply) -> tuple[Answer, End]:
        """Answer a request, together with those that come now; by itself where that would wait."""
        guest, end = _Guest(environ, reply), _nothing
        if self._open is None:
            end = self._answer(guest)
        else:
            self._join(self._open, guest)
        if guest.answer:
            return guest.answer, end
        environ["wsgi.input"].seek(0)
        return self._endpoint.answer(environ)

    def _join(self, party: _Party, guest: _Guest) -> None:
        party.guests.append(guest)
        if len(party.guests) == MOST:
            self._close(party)
        party.over.wait()

    def _close(self, party: _Party) -> None:
        """Let whoever comes now begin another one."""
        if self._open is party:
            self._open = None

    def _answer(self, guest: _Guest) -> End:
        """Answer a guest and those who join; return what is left to do once the guest has its answer."""
        party = self._open = _Party()
        party.guests.append(guest)
        try:
            gevent.sleep(0)  # lets the other greenlets of this turn of the loop come here
            self._close(party)
            answers, end = self._endpoint.answer_together([guest.environ for guest in party.guests])
            for each, answer in zip(party.guests, answers, strict=True):
                each.answer = answer
            _send(party.guests)
        finally:
            self._close(party)
            party.over.set()
        if len(party.guests) == 1:
            return end
        gevent.spawn(end)  # it runs after those who were told just now
        return _nothing


def _send(guests: Iterable[_Guest]) -> None:
    """Send all answers before anybody is woken: their clients would take their turns in between."""
    for guest in guests:
        if guest.answer:
            guest.reply.begin(guest.answer)


def _nothing() -> None:
    pass
