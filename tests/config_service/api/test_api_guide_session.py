"""The guide's own session, request by request, on a clinic that nobody has heard of."""

from typing import Any

CLINIC = "/api/v1/clinics/clinic-123/communication"
SES_OF_THE_GUIDE = {
    "region": "us-east-1",
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "fromEmail": "noreply@clinic-domain.com",
    "fromName": "My Clinic",
    "enabled": True,
}


def test_the_guides_session_works_as_it_stands(client: Any, people: Any, email_providers: Any) -> None:
    admin = people.clinic_admin("clinic-123")

    configured = client.put(f"{CLINIC}/ses", json=SES_OF_THE_GUIDE, headers=admin)
    tested = client.post(f"{CLINIC}/test-email", json={"testEmail": "your-email@example.com"}, headers=admin)
    shown = client.get(f"{CLINIC}/config", headers=admin)

    assert configured.json == {"success": True, "message": "SES configuration updated successfully"}
    assert (tested.status_code, tested.json["success"], tested.json["tracking"]) == (200, True, True)
    assert tested.json.keys() == {"success", "message", "messageId", "testId", "tracking"}
    assert [email.recipient for email in email_providers.sent] == ["your-email@example.com"]
    config = shown.json["config"]
    assert shown.json.keys() == {"success", "config"}
    assert config.keys() == {"clinicId", "email", "whatsapp", "sms", "externalId", "createdAt", "updatedAt"}
    assert config["email"] == {
        "primary": {
            "provider": "aws_ses",
            "enabled": True,
            "credentials": {
                "region": "us-east-1",
                "accessKeyId": "AKIA************MPLE",
                "secretAccessKey": "********",
                "fromEmail": "noreply@clinic-domain.com",
                "fromName": "My Clinic",
            },
            "priority": 1,
        },
        "fallback": [],
        "defaultFrom": None,
        "defaultFromName": None,
    }
    assert config["whatsapp"] == config["sms"] == {"primary": None, "fallback": []}
    assert config["clinicId"] == "clinic-123"
    assert config["createdAt"] == config["updatedAt"] == "2026-01-01T00:00:00+00:00"
    assert len(config["externalId"]) == 32


def test_the_guides_full_configuration_works_as_it_stands(client: Any, people: Any) -> None:
    body = {
        "email": {
            "primary": {
                "provider": "aws_ses",
                "enabled": True,
                "credentials": {name: value for name, value in SES_OF_THE_GUIDE.items() if name != "enabled"},
                "priority": 1,
            },
            "defaultFrom": "noreply@clinic-domain.com",
            "defaultFromName": "Clinic Name",
        }
    }

    saved = client.put(f"{CLINIC}/config", json=body, headers=people.super_admin)

    assert saved.json == {"success": True, "message": "Communication configuration updated successfully"}
    email = client.get(f"{CLINIC}/config", headers=people.super_admin).json["config"]["email"]
    assert (email["defaultFrom"], email["defaultFromName"]) == ("noreply@clinic-domain.com", "Clinic Name")


def test_the_guides_bounce_check_blocks_the_next_send(
    client: Any, people: Any, record: Any, event: Any
) -> None:
    client.put(f"{CLINIC}/ses", json=SES_OF_THE_GUIDE, headers=people.super_admin)
    record(event("Bounce", "invalid@example.com", source="noreply@clinic-domain.com"))

    again = client.post(
        f"{CLINIC}/test-email", json={"testEmail": "invalid@example.com"}, headers=people.super_admin
    )

    assert (again.status_code, again.json["code"]) == (409, "recipient_suppressed")
