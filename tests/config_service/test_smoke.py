from typing import Any


def test_x(client: Any, set_up: Any, record: Any, people: Any) -> None:
    set_up("c1")
    r = record({"snsMessageId": "m1", "topicArn": "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events", "kind": "Bounce",
        "at": "2026-01-01T00:00:00+00:00", "recipient": "a@b.org", "source": "noreply@clinic-domain.example", "bounceType": "Permanent", "mailMessageId": "x"})
    assert r[0]["result"] == "recorded", r
    q = client.post("/api/v1/clinics/c1/communication/test-email", headers=people.super_admin, json={"testEmail": "a@b.org"})
    assert q.status_code == 409
    q = client.post("/api/v1/clinics/c1/communication/test-email", headers=people.super_admin, json={"testEmail": "b@b.org"})
    assert q.status_code == 200, q.json
