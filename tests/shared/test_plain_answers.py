"""Answers to plain requests go out whole and once, however much of one the client takes at once."""

import socket
import threading
from collections.abc import Iterator

import pytest

from shared.client_connections import ClientConnection
from shared.json_endpoint import Answer
from shared.plain_answers import Reply

SHORT = b"done"
LONG = b"0123456789" * 1_000_000  # more than any socket holds
STEPS = pytest.mark.parametrize("begun", [False, True], ids=["in one step", "begun before"])

Ends = tuple[ClientConnection, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.settimeout(5)
        yield ClientConnection(ours), theirs


def answer(body: bytes) -> Answer:
    return Answer("200 OK", [("Content-Length", str(len(body)))], body)


def sent(ends: Ends, body: bytes, *, begun: bool) -> None:
    reply = Reply(ends[0], last=False)
    if begun:
        reply.begin(answer(body))
    reply.finish(answer(body))
    ends[0].shutdown(socket.SHUT_WR)


def heard(ends: Ends) -> bytes:
    head, _, body = b"".join(iter(lambda: ends[1].recv(65536), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    return body


@STEPS
def test_a_short_answer_is_sent_once(ends: Ends, begun: bool) -> None:
    sent(ends, SHORT, begun=begun)
    assert heard(ends) == SHORT


@STEPS
def test_a_long_answer_is_sent_whole_as_the_client_takes_it(ends: Ends, begun: bool) -> None:
    sender = threading.Thread(target=sent, args=(ends, LONG), kwargs={"begun": begun})
    sender.start()
    assert heard(ends) == LONG
    sender.join(5)


def test_a_begun_answer_is_on_its_way(ends: Ends) -> None:
    Reply(ends[0], last=False).begin(answer(LONG))
    assert ends[1].recv(15) == b"HTTP/1.1 200 OK"
    assert ends[0].gettimeout() == 5, "who waits later waits as long as before"


def test_to_begin_waits_for_no_client(ends: Ends) -> None:
    while ends[0].send_at_once(LONG):
        pass
    ends[0].settimeout(None)
    begins = threading.Thread(target=Reply(ends[0], last=False).begin, args=[answer(SHORT)])
    begins.start()
    begins.join(5)
    waits = begins.is_alive()
    ends[1].close()  # ends it in any case
    assert not waits


@STEPS
def test_who_finishes_is_told_that_the_client_is_gone(ends: Ends, begun: bool) -> None:
    ends[1].close()
    with pytest.raises(OSError, match="Broken pipe"):
        sent(ends, SHORT, begun=begun)
