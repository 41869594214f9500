"""What the word of a clinic's own administrator is worth, where nobody else has claimed an address."""

from typing import Any

import pytest
from core_kit import (
    PATIENT,
    PLATFORM_ADDRESS,
    ROOT,
    SHARED_TOPIC,
    clinic_admin,
    codes,
    counted,
    event,
    give_ses,
)

from config_service.errors import ConflictError
from config_service.services.services import Services

UNCLAIMED = "desk@not-yet.example"
BESIDE_IT = "billing@not-yet.example"
TOPIC_B = "arn:aws:sns:us-east-1:222222222222:b"


def found(services: Services, **given: Any) -> tuple[str, str | None]:
    """Return the rule by which an event was mapped, or why it is held, and its clinic."""
    (result,) = services.feedback.record([event(**given)])
    assert result.rule
    return result.rule, result.clinic_id


@pytest.fixture
def squatter(services: Services) -> None:
    """Have the administrator of clinic `a` claim an address that is really of clinic `b`'s mail."""
    give_ses(services, "b", fromEmail="noreply@b.example")
    give_ses(services, "a", fromEmail="noreply@a.example")
    services.feedback.record([event(source=UNCLAIMED), event(source=BESIDE_IT)])
    give_ses(services, "a", fromEmail=UNCLAIMED, actor=clinic_admin("a"))


@pytest.mark.usefixtures("squatter")
def test_events_from_before_a_claim_are_not_handed_over_on_it(services: Services) -> None:
    services.held_events.retries.retry()
    assert counted(services, "held_events") == 2
    assert codes(services, "a") == []


@pytest.mark.usefixtures("squatter")
def test_a_claim_that_nobody_contests_counts_for_what_comes_after_it(services: Services) -> None:
    """This is the limit: the first to name an address is believed about new events, as the rules say."""
    assert found(services, source=UNCLAIMED) == ("source", "a")
    assert found(services, source=BESIDE_IT) == ("domain", "a")


@pytest.mark.usefixtures("squatter")
@pytest.mark.parametrize("source", [UNCLAIMED, BESIDE_IT])
def test_mail_that_names_another_clinic_is_not_attracted_by_a_claim_that_nothing_proves(
    services: Services, source: str
) -> None:
    assert found(services, source=source, clinic_tag="b") == ("source_of_another_clinic", None)
    assert found(services, source=source, clinic_tag="no-such-clinic")[1] == "a"
    assert found(services, source=source, clinic_tag="a")[1] == "a"
    assert codes(services, "b") == []


@pytest.mark.usefixtures("squatter")
@pytest.mark.parametrize("by", ["an accepted test email", "a super admin"])
def test_a_claim_that_is_proved_counts_against_a_tag(services: Services, by: str) -> None:
    if by == "a super admin":
        give_ses(services, "a", fromEmail=UNCLAIMED)
    else:
        services.test_emails.send("a", "me@staff.example", ROOT)
    assert found(services, source=UNCLAIMED, clinic_tag="b") == ("source", "a")
    assert found(services, source=BESIDE_IT, clinic_tag="b") == ("domain", "a")


@pytest.mark.usefixtures("squatter")
def test_a_claim_attracts_nothing_that_the_other_clinic_can_prove(services: Services) -> None:
    give_ses(services, "b", fromEmail="noreply@b.example", snsTopicArn=TOPIC_B)
    assert found(services, source=UNCLAIMED, topic=TOPIC_B) == ("source_of_another_clinic", None)
    sent = services.test_emails.send("b", "me@staff.example", ROOT)
    known = {"mail_message_id": sent.message_id, "source": "noreply@b.example"}
    assert found(services, **known, clinic_tag="a") == ("message", "b")


@pytest.mark.usefixtures("squatter")
def test_once_a_super_admin_gives_the_address_to_its_owner_neither_is_guessed(services: Services) -> None:
    saved = give_ses(services, "b", fromEmail=UNCLAIMED)
    assert [warning.code for warning in saved.warnings] == ["address_in_use"]
    assert found(services, source=UNCLAIMED) == ("unknown_source", None)
    assert found(services, source=BESIDE_IT) == ("unknown_source", None)
    assert found(services, source=UNCLAIMED, clinic_tag="b") == ("tag", "b")


def test_what_was_recorded_for_a_clinic_stays_when_another_claims_beside_it(services: Services) -> None:
    give_ses(services, "a", fromEmail="noreply@a.example")
    give_ses(services, "b", fromEmail="noreply@b.example")
    assert found(services, source="other@b.example") == ("domain", "b")
    with pytest.raises(ConflictError):
        give_ses(services, "a", fromEmail="other@b.example", actor=clinic_admin("a"))
    services.held_events.retries.retry()
    assert (codes(services, "a"), codes(services, "b")) == ([], ["hard_bounce"])


def test_an_address_of_the_platforms_domain_is_given_out_one_by_one(services: Services) -> None:
    """One address there makes nobody the owner of the others, from which the platform itself may mail."""
    domain = PLATFORM_ADDRESS.partition("@")[2]
    give_ses(services, "a", fromEmail=f"clinic-a@{domain}")
    give_ses(services, "a", fromEmail=f"clinic-a@{domain}", fromName="Again", actor=clinic_admin("a"))
    with pytest.raises(ConflictError) as refused:
        give_ses(services, "a", fromEmail=f"billing@{domain}", actor=clinic_admin("a"))
    assert refused.value.code == "domain_in_use"
    assert found(services, source=f"billing@{domain}", topic=SHARED_TOPIC) == ("unknown_source", None)
    assert codes(services, "a", PATIENT) == []
