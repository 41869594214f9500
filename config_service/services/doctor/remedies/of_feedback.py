"""Remedies for the way that an event takes: published, carried by the topic, delivered, recorded."""

from config_service.services.doctor.remedies.remedy import Remedy, Trouble

FEEDBACK_REMEDIES = (
    Remedy(
        "configuration_set_missing",
        (Trouble.WEBHOOK, Trouble.TEST),
        "The configuration set that settings or identity name does not exist: SES refuses every mail.",
        "Make the set, or correct configurationSetName; a set belongs to one region of one account.",
        "{setup_publishing}",
    ),
    Remedy(
        "events_not_published",
        (Trouble.WEBHOOK, Trouble.SUPPRESSION),
        "SES publishes bounces or complaints to no topic that is known here.",
        "Have the configuration set or the identity publish bounces, complaints and deliveries to the topic.",
        "{setup_publishing}",
    ),
    Remedy(
        "events_partly_published",
        (Trouble.WEBHOOK, Trouble.SUPPRESSION),
        "Bounces and complaints come, other events do not: without deliveries soft bounces cannot be judged, "
        "and test emails never become delivered.",
        "Have all of them published.",
        "{setup_publishing}",
    ),
    Remedy(
        "events_to_unknown_topic",
        (Trouble.WEBHOOK, Trouble.SUPPRESSION),
        "SES publishes to a topic that is neither a shared one of the settings nor the clinic's own.",
        "Publish to the known topic, or write the other one down: AWS_SNS_TOPIC_ARN of both services for a "
        "shared topic, snsTopicArn in the clinic's settings for its own.",
        "{setup_publishing} --replace",
    ),
    Remedy(
        "event_destination_disabled",
        (Trouble.WEBHOOK,),
        "The configuration set's event destination is switched off.",
        "Switch it on.",
        "SES console of {region}: Configuration sets > {set} > Event destinations > Edit > Enabled",
    ),
    Remedy(
        "events_twice",
        (Trouble.TWICE,),
        "The configuration set and the identity's notifications both publish the same events.",
        "Nothing is counted twice here, but it costs double: clear the identity's notifications if all mail "
        "names the configuration set.",
        "SES console of {region}: Identities > {identity} > Notifications > Feedback notifications > Edit",
    ),
    Remedy(
        "no_topic",
        (Trouble.NO_TOPIC, Trouble.WEBHOOK),
        "No topic is known: AWS_SNS_TOPIC_ARN is empty, and the clinic has none of its own.",
        "Make the topic and what belongs to it; the command prints the lines for .env.",
        "{setup_topic}",
    ),
    Remedy(
        "topic_in_other_region",
        (Trouble.NO_TOPIC, Trouble.WEBHOOK),
        "The topic is in another region than the identity: SES neither offers it nor publishes to it.",
        "Make a topic in {region}, where SES sends, and write its ARN down; or correct the region in the "
        "settings.",
        "{setup_here}",
    ),
    Remedy(
        "topic_not_listed",
        (Trouble.NO_TOPIC,),
        "The credentials lack sns:ListTopics, so that SES's console offers no topic to them.",
        "Allow sns:ListTopics, or type the topic's ARN {topic} into the field in place of choosing it.",
        "python -m config_service doctor --print-policy",
    ),
    Remedy(
        "topic_missing",
        (Trouble.NO_TOPIC, Trouble.WEBHOOK),
        "The topic does not exist.",
        "Make it again under its name; it keeps its ARN.",
        "{setup_topic}",
    ),
    Remedy(
        "topic_policy",
        (Trouble.WEBHOOK, Trouble.NO_TOPIC),
        "The topic's policy does not let SES publish for this account.",
        "Add the account to the policy's statement for ses.amazonaws.com (aws:SourceAccount).",
        "{setup_topic}",
    ),
    Remedy(
        "topic_open",
        (Trouble.LOST,),
        "The topic's policy lets SES publish for anybody's account, who could fill it with forged events.",
        "Add the condition aws:SourceAccount to the statement {statement}, or remove it.",
        "SNS console of {region}: Topics > {topic_name} > Edit > Access policy",
    ),
    Remedy(
        "signature_version_1",
        (Trouble.LOST,),
        "SNS signs with version 1, which is SHA1.",
        "Set the topic's SignatureVersion to 2 (SHA256).",
        "{setup_topic}",
    ),
    Remedy(
        "subscription_missing",
        (Trouble.WEBHOOK, Trouble.SUPPRESSION),
        "Nothing carries the topic's messages to the webhook.",
        "Subscribe it.",
        "{setup_topic}",
    ),
    Remedy(
        "subscription_elsewhere",
        (Trouble.WEBHOOK,),
        "The topic's subscriptions lead elsewhere than to the webhook's path, /api/v1/webhooks/ses.",
        "Subscribe the webhook, then delete the subscription with the wrong URL.",
        "{setup_topic}",
    ),
    Remedy(
        "subscription_pending",
        (Trouble.WEBHOOK,),
        "The webhook has not confirmed the subscription.",
        "Check that {endpoint} is reachable from the internet and that both services know the topic, then "
        "have SNS ask again.",
        "{setup_topic}",
    ),
    Remedy(
        "subscription_not_https",
        (Trouble.LOST,),
        "SNS delivers over plain HTTP: patients' addresses travel readable.",
        "Subscribe the webhook by its https URL, then delete this subscription.",
        "{setup_topic}",
    ),
    Remedy(
        "raw_delivery_on",
        (Trouble.WEBHOOK,),
        "Raw message delivery is on: raw messages carry no signature and are refused.",
        "Switch it off.",
        "{setup_topic}",
    ),
    Remedy(
        "retries_short",
        (Trouble.LOST,),
        "SNS gives up before the 3,600 s that it could go on trying.",
        "Set the subscription's delivery policy.",
        "{setup_topic}",
    ),
)
