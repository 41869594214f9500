"""Requests that come at the same time are answered together, and nobody waits for who must wait."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import gevent
import pytest
from gevent.event import Event

from shared.exchanges import Exchange, WouldWaitError, each
from shared.gathering import MOST, Gathering
from shared.json_endpoint import Answer, JsonEndpoint
from shared.plain_answers import Reply

PATH = "/events"
SECONDS = 20  # for a greenlet to get where it must get; none needs them
OUT_OF_PLACE = "would wait"


class Handler:
    """Answers with the body; the calls that it got are the bodies that came together."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.counted: list[int] = []
        self.during: Callable[[], None] = lambda: None

    def __call__(self, exchanges: Sequence[Exchange], may_wait: bool) -> None:
        def answer(environ: dict[str, Any]) -> dict[str, str]:
            body = environ["wsgi.input"].read().decode()
            self.calls[-1].append(body)
            if body == OUT_OF_PLACE and not may_wait:
                raise WouldWaitError
            if body == "bad":
                raise RuntimeError
            return {"body": body}

        self.calls.append([])
        each(exchanges, answer)
        self.during()


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def gathering(handler: Handler) -> Gathering:
    def observe(_: str, __: str, status: int, seconds: Sequence[float]) -> None:
        handler.counted += [status for _ in seconds]

    return Gathering(JsonEndpoint(PATH, handler, {}, observe, None))  # type: ignore[arg-type]


def environ(body: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body.encode()),
    }


class FakeReply(Reply):
    """Writes down what it sends."""

    def __init__(self, sent: list[bytes | int | str]) -> None:
        self._sent = sent

    def begin(self, answer: Answer) -> None:
        self._sent.append(answer.body)


def asked(gathering: Gathering, *bodies: str) -> list[gevent.Greenlet]:
    def served(body: str) -> Answer:
        answer, end = gathering.answer(environ(body), FakeReply([]))
        end()
        return answer

    return [gevent.spawn(served, body) for body in bodies]


def bodies(greenlets: Sequence[gevent.Greenlet]) -> list[bytes]:
    return [greenlet.get(timeout=SECONDS).body for greenlet in greenlets]


def test_who_comes_in_one_turn_of_the_loop_is_answered_together_and_gets_their_own_answer(
    gathering: Gathering, handler: Handler
) -> None:
    found = bodies(asked(gathering, "a", "b", "c"))
    assert found == [b'{"body":"a"}', b'{"body":"b"}', b'{"body":"c"}']
    assert handler.calls == [["a", "b", "c"]]
    assert bodies(asked(gathering, "d")) == [b'{"body":"d"}']
    assert handler.calls == [["a", "b", "c"], ["d"]]


def test_no_more_are_answered_together_than_the_first_can_wait_for(
    gathering: Gathering, handler: Handler
) -> None:
    many = [str(number) for number in range(2 * MOST + 1)]
    assert bodies(asked(gathering, *many)) == [b'{"body":"%s"}' % body.encode() for body in many]
    assert [len(call) for call in handler.calls] == [MOST, MOST, 1]


def test_who_would_wait_is_answered_alone_and_counted_once(gathering: Gathering, handler: Handler) -> None:
    assert bodies(asked(gathering, "a", OUT_OF_PLACE, "b"))[1] == b'{"body":"would wait"}'
    assert handler.calls == [["a", OUT_OF_PLACE, "b"], [OUT_OF_PLACE]]
    gevent.sleep(0)
    assert handler.counted == [200, 200, 200]


def test_an_error_is_the_answer_to_its_own_request_alone(gathering: Gathering, handler: Handler) -> None:
    good, bad = (greenlet.get(timeout=SECONDS) for greenlet in asked(gathering, "a", "bad"))
    assert (good.status, bad.status) == ("200 OK", "500 Internal Server Error")


def test_who_comes_while_others_are_being_answered_is_not_kept_waiting_for_them(
    gathering: Gathering, handler: Handler
) -> None:
    go_on = Event()
    handler.during = lambda: handler.calls == [["slow"]] and go_on.wait(SECONDS)
    (slow,) = asked(gathering, "slow")
    gevent.sleep(0)
    assert bodies(asked(gathering, "a")) == [b'{"body":"a"}']
    assert not slow.ready()
    go_on.set()
    assert bodies([slow]) == [b'{"body":"slow"}']


@pytest.mark.parametrize("bodies", ["a", "abc"], ids=["one", "three"])
def test_all_answers_are_on_their_way_before_anybody_goes_on_and_before_they_are_counted(
    gathering: Gathering, handler: Handler, bodies: str
) -> None:
    seen: list[bytes | int | str] = []
    handler.counted = seen  # type: ignore[assignment]

    def ask(body: str) -> None:
        _, end = gathering.answer(environ(body), FakeReply(seen))
        seen.append("goes on")
        end()

    gevent.joinall([gevent.spawn(ask, body) for body in bodies], timeout=SECONDS, raise_error=True)
    gevent.sleep(0)
    sent = [b'{"body":"%s"}' % body.encode() for body in bodies]
    assert seen == [*sent, *["goes on"] * len(bodies), *[200] * len(bodies)]


def test_where_the_one_that_answers_for_all_is_ended_the_others_are_answered_all_the_same(
    gathering: Gathering, handler: Handler
) -> None:
    go_on = Event()
    handler.during = lambda: handler.calls == [["a", "b"]] and go_on.wait(SECONDS)
    first, second = asked(gathering, "a", "b")
    gevent.sleep(0)
    gevent.sleep(0)
    assert handler.calls == [["a", "b"]]
    first.kill(timeout=SECONDS)
    assert bodies([second]) == [b'{"body":"b"}']
