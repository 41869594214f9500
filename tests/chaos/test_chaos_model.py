"""The parts of `make chaos`: its model, its verdict, and that a seed says everything."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chaos import documents as ses
from chaos.clinics import OWN_TOPIC, SHARED_TOPIC, address_of
from chaos.documents import EVENT, NOTIFICATION, Mail, document
from chaos.model import Acts, Counted, Entry, Prediction, predict
from chaos.plan import DATABASES, VICTIMS, faults
from chaos.story import Publication, publications
from chaos.verdict import judge

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = NOW - timedelta(days=3)
CLINIC, JANE = "clinic-0", "jane@example.com"
DAY = timedelta(days=1)


def published(
    fate: str, at: datetime, mail: str, message: str = "", topic: str = SHARED_TOPIC
) -> Publication:
    text = document(Mail(mail, address_of(CLINIC), (JANE,), fate, at), EVENT)
    return Publication(message or f"sns-{mail}-{fate}", topic, text)


def row(
    count: int, fate: str = ses.SOFT, begin: datetime = AT, step: timedelta = timedelta(hours=1)
) -> list[Publication]:
    return [published(fate, begin + number * step, f"m{number}") for number in range(count)]


SEEN = published(ses.DELIVERED, AT - 2 * DAY, "seen")
WHAT_FOLLOWS = {
    "a hard bounce": ([published(ses.PERMANENT, AT, "m")], Entry("hard_bounce", since=AT)),
    "no such mailbox": ([published(ses.NO_SUCH_MAILBOX, AT, "m")], Entry("hard_bounce", since=AT)),
    "the first of two counts": (
        [published(ses.PERMANENT, AT, "m2"), published(ses.PERMANENT, AT - DAY, "m1")],
        Entry("hard_bounce", since=AT - DAY),
    ),
    "a complaint outweighs": (
        [published(ses.PERMANENT, AT - DAY, "m1"), published(ses.COMPLAINED, AT, "m2")],
        Entry("complaint", since=AT),
    ),
    "not spam": ([published(ses.NOT_SPAM, AT, "m")], None),
    "away": (row(9, ses.AWAY), None),
    "too large": (row(9, ses.TOO_LARGE), None),
    "five in a row": ([SEEN, *row(5)], Entry("soft_bounce", until=AT + timedelta(hours=4) + 30 * DAY)),
    "four in a row": ([SEEN, *row(4)], None),
    "five that nobody sees delivered": (row(5), None),
    "five with a delivery between": (
        [*row(5), published(ses.DELIVERED, AT + timedelta(minutes=90), "seen")],
        None,
    ),
    "five over more than 30 days": ([SEEN, *row(5, begin=AT - 32 * DAY, step=8 * DAY)], None),
    "five that ended 30 days ago": ([SEEN, *row(5, begin=AT - 40 * DAY)], None),
}  # fmt: skip


@pytest.mark.parametrize(("events", "entry"), WHAT_FOLLOWS.values(), ids=WHAT_FOLLOWS)
@pytest.mark.parametrize("order", [list, lambda events: list(reversed(events))], ids=["in order", "reversed"])
def test_the_model_follows_the_documented_rules_in_any_order(
    events: list[Publication], entry: Entry | None, order: Callable[[list[Publication]], list[Publication]]
) -> None:
    found = predict(order(events), Acts(), NOW).suppressed
    assert found == ({CLINIC: {JANE: entry}} if entry else {})


def test_the_model_counts_one_report_once_however_it_comes() -> None:
    mail = Mail("m", address_of(CLINIC), (JANE, '"J." <JOHN@example.com>'), ses.PERMANENT, AT)
    twice = [
        Publication("s1", SHARED_TOPIC, document(mail, EVENT)),
        Publication("s1", SHARED_TOPIC, document(mail, EVENT)),
        Publication("s2", SHARED_TOPIC, document(mail, NOTIFICATION)),
    ]
    assert predict(twice, Acts(), NOW).events == {Counted(CLINIC, "m", "Bounce"): 2}


def test_the_model_holds_what_comes_by_the_topic_of_another_clinic() -> None:
    prediction = predict([published(ses.PERMANENT, AT, "m", topic=OWN_TOPIC)], Acts(), NOW)
    assert (prediction.held, prediction.events, prediction.suppressed) == (1, {}, {})


def test_the_model_puts_what_people_did_last() -> None:
    events = [published(ses.PERMANENT, AT, "m")]
    assert predict(events, Acts(removed={(CLINIC, JANE)}), NOW).suppressed == {}
    assert predict([], Acts(added={(CLINIC, JANE)}), NOW).suppressed == {CLINIC: {JANE: Entry("manual")}}


EVENTS = Counter({Counted(CLINIC, "m", "Bounce"): 2})
LISTS: dict[str | None, dict[str, Entry]] = {CLINIC: {JANE: Entry("hard_bounce", since=AT)}}
GOOD = Prediction(EVENTS, 1, LISTS)
WRONG = {
    "one is missing": (Counter({Counted(CLINIC, "m", "Bounce"): 1}), 1, LISTS, (1, 0)),
    "one is there twice": (Counter({Counted(CLINIC, "m", "Bounce"): 3}), 1, LISTS, (0, 1)),
    "another clinic has it": (Counter({Counted("clinic-1", "m", "Bounce"): 2}), 1, LISTS, (2, 2)),
    "one is not held": (EVENTS, 0, LISTS, (0, 0)),
    "nobody is suppressed": (EVENTS, 1, {CLINIC: {}}, (0, 0)),
    "for another reason": (EVENTS, 1, {CLINIC: {JANE: Entry("manual")}}, (0, 0)),
    "since another time": (EVENTS, 1, {CLINIC: {JANE: Entry("hard_bounce", since=NOW)}}, (0, 0)),
}


@pytest.mark.parametrize(("events", "held", "lists", "counts"), WRONG.values(), ids=WRONG)
def test_the_verdict_names_everything_that_differs(
    events: Counter[Counted], held: int, lists: dict[str | None, dict[str, Entry]], counts: tuple[int, int]
) -> None:
    verdict = judge(GOOD, events, held, lists)
    assert (verdict.lost, verdict.doubled) == counts
    assert verdict.complaints
    assert judge(GOOD, EVENTS, 1, LISTS).complaints == ()


def test_a_seed_gives_the_same_story_and_the_same_faults_and_another_seed_others() -> None:
    assert publications(7, 300, NOW) == publications(7, 300, NOW) != publications(8, 300, NOW)
    for database in DATABASES:
        planned = faults(7, database, 40, 50, clock=True)
        assert planned == faults(7, database, 40, 50, clock=True) != faults(8, database, 40, 50, clock=True)
        assert sum(fault.kills for fault in planned) == 40
        assert {fault.kind for fault in planned} >= set(VICTIMS)


def test_a_clock_is_stepped_only_where_that_can_be_done() -> None:
    assert "clock step" not in {fault.kind for fault in faults(7, "sqlite", 40, 50, clock=False)}
