"""Remedies for what happens to an event at its end: the webhook, dead letters, its clinic, the list."""

from config_service.services.doctor.remedies.remedy import Remedy, Trouble

RECORDING_REMEDIES = (
    Remedy(
        "webhook_wrong_answer",
        (Trouble.WEBHOOK,),
        "The subscribed URL answers, and not as the webhook does.",
        "Have the gateway lead /api/v1/webhooks/ses to webhook_service, without redirects or a login.",
        "curl -i -X POST -d '{{}}' {endpoint}",
    ),
    Remedy(
        "webhook_unreachable",
        (Trouble.WEBHOOK,),
        "The subscribed URL cannot be reached from here.",
        "Check DNS, firewall, gateway and certificate of the URL, and that webhook_service runs. Where this "
        "network cannot reach its own public name, try from elsewhere.",
        "curl -i -X POST -d '{{}}' {endpoint}",
    ),
    Remedy(
        "no_dead_letter_queue",
        (Trouble.LOST,),
        "The subscription has no dead-letter queue: after an hour's outage events are gone.",
        "Give it one.",
        "{setup_topic}",
    ),
    Remedy(
        "dead_letter_queue_missing",
        (Trouble.LOST,),
        "The subscription's dead-letter queue does not exist.",
        "Make it again.",
        "{setup_topic}",
    ),
    Remedy(
        "dead_letter_queue_closed",
        (Trouble.LOST,),
        "The dead-letter queue's policy does not let the topic send.",
        "Let it.",
        "{setup_topic}",
    ),
    Remedy(
        "dead_letter_queue_forgets",
        (Trouble.LOST,),
        "The dead-letter queue keeps messages for less than 14 days.",
        "Set its retention period to 14 days.",
        "{setup_topic}",
    ),
    Remedy(
        "dead_letters_waiting",
        (Trouble.WEBHOOK, Trouble.SUPPRESSION),
        "Messages that could not be delivered wait in the dead-letter queue.",
        "Hand them to the webhook again, once it works; nothing is counted twice.",
        "python -m config_service replay --queue {queue} --webhook http://webhook-service:8002/api/v1/webhooks/ses",
    ),
    Remedy(
        "silence",
        (Trouble.WEBHOOK, Trouble.SUPPRESSION),
        "Mail goes out, and SES's events do not come in.",
        "The other findings name the place where the events get lost; if all of them pass, look into "
        "webhook_service's log for refused messages, then send a test email and watch its status.",
        "POST /api/v1/clinics/{clinic}/communication/test-email",
    ),
    Remedy(
        "test_email_unheard",
        (Trouble.WEBHOOK, Trouble.TEST),
        "SES accepted the last test email, and has reported nothing about it.",
        "The other findings name the place where its events get lost; if all pass, look into "
        "webhook_service's log for messages that it refused.",
        "GET /api/v1/clinics/{clinic}/communication/test-email/{test}",
    ),
    Remedy(
        "events_held",
        (Trouble.CLINIC, Trouble.SUPPRESSION),
        "Events wait because no clinic could be found for them; they suppress nobody meanwhile.",
        "Have a SUPER_ADMIN look at them: save the clinic whose fromEmail is their source, or assign them.",
        "GET /api/v1/events/held, then POST /api/v1/events/held/ID/assign",
    ),
    Remedy(
        "sender_shared",
        (Trouble.CLINIC,),
        "Another clinic, or the platform, sends from the same address: its events belong to neither.",
        "Give each clinic a fromEmail of its own, or a topic of its own.",
        "PUT /api/v1/clinics/{clinic}/communication/ses, or {setup_here}",
    ),
    Remedy(
        "sender_unproven",
        (Trouble.CLINIC,),
        "Only the clinic's administrator says that the sender is the clinic's; older events stay held.",
        "Send a test email under the clinic's own credentials: SES takes it only from a verified sender. Or "
        "have a SUPER_ADMIN save the settings.",
        "POST /api/v1/clinics/{clinic}/communication/test-email",
    ),
    Remedy(
        "ses_suppression_off",
        (Trouble.SUPPRESSION,),
        "SES's own account-level list is off for bounces or complaints: it is the net below ours.",
        "Switch it on for both.",
        "aws sesv2 put-account-suppression-attributes --suppressed-reasons BOUNCE COMPLAINT "
        "--region {region}",
    ),
    Remedy(
        "drift",
        (Trouble.SUPPRESSION,),
        "Our list and SES's account-level list differ.",
        "Compare both lists whole; --repair shows what it would do about it, and does it with --yes.",
        "python -m config_service drift{of_or_all} --repair",
    ),
)
