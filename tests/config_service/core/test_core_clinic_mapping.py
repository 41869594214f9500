"""Whose event is it: mapped by the first rule that gives an answer, never guessed, on both databases."""

import json
from typing import Any

import pytest
from core_kit import PLATFORM_ADDRESS, ROOT, SHARED_TOPIC, codes, event, give_ses

from config_service.services.services import Services

A, B, C = "clinic-a", "clinic-b", "clinic-c"
FROM_A, FROM_B, FROM_C = "noreply@a.example", "noreply@b.example", "hello@gmail.com"
TOPIC_A = "arn:aws:sns:us-east-1:111111111111:a"
TOPIC_TWO = "arn:aws:sns:us-east-1:222222222222:two"
UNKNOWN_TOPIC = "arn:aws:sns:us-east-1:999999999999:nobodys"


def platform_clinic(services: Services, clinic_id: str) -> None:
    """Make a clinic without an account of its own."""
    services.configs.save_clinic_config(
        clinic_id=clinic_id, actor=ROOT, email={"defaultFrom": f"hi@{clinic_id}.example"}
    )


@pytest.fixture
def clinics(services: Services) -> Services:
    """Return the use cases with clinics that show every rule."""
    give_ses(services, A, fromEmail=FROM_A, snsTopicArn=TOPIC_A)
    give_ses(services, B, fromEmail=FROM_B)
    give_ses(services, C, fromEmail=FROM_C)
    for number, clinic in enumerate(("two-1", "two-2")):
        give_ses(services, clinic, fromEmail=f"noreply@two-{number}.example", snsTopicArn=TOPIC_TWO)
        services.configs.save_clinic_config(
            clinic_id=f"same-{number}", actor=ROOT, email={"defaultFrom": "shared@same.example"}
        )
    smtp = {
        "provider": "smtp",
        "credentials": {"host": "mail.f.example", "port": 587, "fromEmail": "fall@f.example"},
    }
    services.configs.save_clinic_config(
        clinic_id="fall", actor=ROOT, email={"fallback": [smtp], "defaultFrom": "Default@D.example"}
    )
    platform_clinic(services, "poor")
    return services


TABLE: list[tuple[dict[str, Any], str, str | None]] = [
    # 1. a per-clinic topic, and only that clinic
    ({"topic": TOPIC_A, "source": FROM_A}, "topic", A),
    ({"topic": TOPIC_A, "source": "new@a.example"}, "topic", A),
    ({"topic": TOPIC_A, "source": None}, "topic", A),
    ({"topic": TOPIC_A, "source": "anybody@nowhere.example"}, "topic", A),
    ({"topic": TOPIC_A, "source": FROM_A, "clinic_tag": B}, "topic", A),
    ({"topic": TOPIC_A, "source": FROM_B}, "source_of_another_clinic", None),
    ({"topic": TOPIC_A, "source": "new@b.example"}, "source_of_another_clinic", None),
    ({"topic": TOPIC_A, "source": FROM_B, "clinic_tag": A}, "source_of_another_clinic", None),
    ({"topic": TOPIC_TWO, "source": "noreply@two-1.example"}, "source", "two-2"),
    ({"topic": TOPIC_TWO, "source": "noreply@two-0.example", "clinic_tag": "two-1"}, "tag", "two-1"),
    ({"topic": TOPIC_TWO, "source": FROM_A}, "topic_of_several_clinics", None),
    ({"topic": TOPIC_TWO, "source": PLATFORM_ADDRESS}, "topic_of_several_clinics", None),
    ({"topic": TOPIC_TWO, "source": None}, "topic_of_several_clinics", None),
    ({"topic": UNKNOWN_TOPIC, "source": FROM_A}, "unknown_topic", None),
    # 2. the tag, with the clinic's own source or the platform's
    ({"source": FROM_A, "clinic_tag": A}, "tag", A),
    ({"source": "shared@same.example", "clinic_tag": "same-1"}, "tag", "same-1"),
    ({"source": PLATFORM_ADDRESS, "clinic_tag": "poor"}, "tag", "poor"),
    ({"source": PLATFORM_ADDRESS, "clinic_tag": A}, "platform", None),
    ({"source": PLATFORM_ADDRESS, "clinic_tag": "no-such-clinic"}, "platform", None),
    ({"source": FROM_A, "clinic_tag": B}, "source", A),
    ({"source": FROM_A, "clinic_tag": "no-such-clinic"}, "source", A),
    ({"source": None, "clinic_tag": A}, "unknown_source", None),
    ({"source": "anybody@nowhere.example", "clinic_tag": A}, "unknown_source", None),
    # 3. the source
    ({"source": FROM_A}, "source", A),
    ({"source": "NoReply@A.Example"}, "source", A),
    ({"source": "Clinic A <noreply@a.example>"}, "source", A),
    ({"source": "=?utf-8?q?Praxis_M=C3=BCller?= <noreply@a.example>"}, "source", A),
    ({"source": "fall@f.example"}, "source", "fall"),
    ({"source": "default@d.example"}, "source", "fall"),
    ({"source": FROM_C}, "source", C),
    ({"source": "shared@same.example"}, "unknown_source", None),
    # 4. the platform
    ({"source": PLATFORM_ADDRESS}, "platform", None),
    ({"source": "NOREPLY@healthcare.example"}, "platform", None),
    # 5. the domain
    ({"source": "another@a.example"}, "domain", A),
    ({"source": "another@f.example"}, "domain", "fall"),
    ({"source": "another@same.example"}, "unknown_source", None),
    ({"source": "another@gmail.com"}, "unknown_source", None),
    ({"source": "another@healthcare.example"}, "unknown_source", None),
    ({"source": "another@sub.a.example"}, "unknown_source", None),
    # 6. held
    ({"source": "anybody@nowhere.example"}, "unknown_source", None),
    ({"source": None}, "unknown_source", None),
    ({"source": "no address"}, "unknown_source", None),
]  # fmt: skip


def test_an_event_is_mapped_by_the_first_rule_that_answers(clinics: Services) -> None:
    found = clinics.feedback.record([event(**given) for given, _, _ in TABLE])
    assert [
        (given, each.rule, each.clinic_id) for each, (given, _, _) in zip(found, TABLE, strict=True)
    ] == TABLE
    held = {result.rule for result in found if result.result == "held"}
    assert held == {"source_of_another_clinic", "topic_of_several_clinics", "unknown_topic", "unknown_source"}
    assert all(result.result == "recorded" for result in found if result.rule not in held)


def test_the_message_id_of_a_send_that_we_recorded_names_its_clinic(clinics: Services) -> None:
    sent = clinics.test_emails.send("poor", "jane@patients.example", ROOT, "platform")
    right = event(mail_message_id=sent.message_id, source=PLATFORM_ADDRESS, clinic_tag=B)
    wrong = event(mail_message_id=sent.message_id, source=FROM_B, recipient="john@patients.example")
    none = event(mail_message_id=sent.message_id, source=None, recipient="jack@patients.example")
    found = clinics.feedback.record([right, wrong, none])
    assert [(each.rule, each.clinic_id) for each in found] == [
        ("message", "poor"),
        ("source", B),
        ("unknown_source", None),
    ]


def test_a_clinic_that_got_an_account_of_its_own_no_longer_sends_through_the_platforms(
    clinics: Services,
) -> None:
    give_ses(clinics, "poor", fromEmail="hi@poor.example")
    (found,) = clinics.feedback.record([event(source=PLATFORM_ADDRESS, clinic_tag="poor")])
    assert (found.rule, found.clinic_id) == ("platform", None)


def test_a_clinic_whose_account_is_switched_off_sends_through_the_platforms(clinics: Services) -> None:
    clinics.configs.save_ses(
        clinic_id=A, actor=ROOT, credentials={"region": "us-east-1", "fromEmail": FROM_A}, enabled=False
    )
    (found,) = clinics.feedback.record([event(source=PLATFORM_ADDRESS, clinic_tag=A)])
    assert (found.rule, found.clinic_id) == ("tag", A)


def write(services: Services, clinic_id: str, email: Any) -> None:
    """Write settings past the service."""
    with services.repositories.database.transaction():
        services.repositories.database.execute(
            "INSERT INTO clinics (id, settings) VALUES (?, ?)",
            (clinic_id, json.dumps({"communicationSettings": {"email": email}})),
        )


def entry(address: Any) -> dict[str, Any]:
    return {"provider": "aws_ses", "credentials": {"fromEmail": address, "region": "us-east-1"}}


@pytest.mark.parametrize(
    "email",
    [
        {"primary": entry("Sender@Direct.Example")},
        {"primary": entry("The Direct Clinic <Sender@Direct.Example>")},
        {"primary": entry("  sender@direct.example  ")},
        {"fallback": [entry("sender@direct.example")]},
        {"fallback": ["no entry", 5, None, entry("sender@direct.example")]},
        {"defaultFrom": "Direct <SENDER@direct.example>"},
        {"primary": "no entry", "fallback": {"no": "list"}, "defaultFrom": "sender@direct.example"},
        {"primary": entry(["no", "address"]), "defaultFrom": "sender@direct.example"},
        {"primary": entry(5), "fallback": "none", "defaultFrom": "sender@direct.example"},
        {"primary": {"provider": "aws_ses", "credentials": []}, "defaultFrom": "sender@direct.example"},
    ],
)  # fmt: skip
def test_what_the_platform_writes_directly_is_mapped_at_once(
    services: Services, email: dict[str, Any]
) -> None:
    write(services, "direct", email)
    (found,) = services.feedback.record([event(source="sender@direct.example")])
    assert (found.rule, found.clinic_id) == ("source", "direct")


def test_the_index_follows_every_change_of_the_settings(services: Services) -> None:
    database = services.repositories.database
    write(services, "direct", {"defaultFrom": "old@one.example"})
    with database.transaction():
        database.execute(
            "UPDATE clinics SET settings = ? WHERE id = ?",
            (json.dumps({"communicationSettings": {"email": {"defaultFrom": "new@two.example"}}}), "direct"),
        )
    found = services.feedback.record([event(source="old@one.example"), event(source="new@two.example")])
    assert [each.clinic_id for each in found] == [None, "direct"]
    with database.transaction():
        database.execute("DELETE FROM clinics WHERE id = ?", ("direct",))
    (gone,) = services.feedback.record([event(source="new@two.example")])
    assert gone.result == "held"


def test_an_event_that_overtook_the_answer_moves_to_its_clinic(
    clinics: Services, email_providers: Any
) -> None:
    """SES may report a bounce before it has told us the message's id."""
    clinics.feedback.record([event(mail_message_id="platform-1", source=PLATFORM_ADDRESS)])
    assert codes(clinics, B) == ["hard_bounce"]  # platform-wide, as nothing else was known
    sent = clinics.test_emails.send("poor", "somebody@else.example", ROOT, "platform")
    assert sent.message_id == "platform-1"
    assert codes(clinics, B) == []
    assert codes(clinics, "poor") == ["hard_bounce"]


def test_the_shared_topic_of_a_clinic_that_wrote_it_down_stays_shared(services: Services) -> None:
    give_ses(services, A, fromEmail=FROM_A, snsTopicArn=SHARED_TOPIC)
    give_ses(services, B, fromEmail=FROM_B)
    (found,) = services.feedback.record([event(source=FROM_B)])
    assert (found.rule, found.clinic_id) == ("source", B)
