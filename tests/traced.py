"""Which tests coverage traces: those that may be the first to pass a line. It doubles the time of a test."""

import pytest

# Directories and files whose lines others pass as well; in end_to_end the services run in processes of their own.
_PASSED_BY_OTHERS = {
    "attacks",
    "chaos",
    "deployment",
    "end_to_end",
    "fuzzing",
    "test_addresses.py",
    "test_api_bodies.py",
    "test_api_config.py",
    "test_api_erasure.py",
    "test_api_etags.py",
    "test_api_events.py",
    "test_api_internal.py",
    "test_api_isolation.py",
    "test_api_ownership.py",
    "test_api_probe_and_drift.py",
    "test_api_roles.py",
    "test_api_rotation_under_load.py",
    "test_api_secrets.py",
    "test_api_suppression_csv.py",
    "test_api_suppressions.py",
    "test_api_test_emails.py",
    "test_api_test_outcomes.py",
    "test_api_tokens.py",
    "test_architecture.py",
    "test_core_batches.py",
    "test_core_concurrency.py",
    "test_core_direct_updates.py",
    "test_core_feedback.py",
    "test_core_held_events.py",
    "test_core_long_lists.py",
    "test_core_retention.py",
    "test_docs.py",
    "test_internal_client.py",
    "test_local_aws_aws_setup.py",
    "test_local_aws_aws_setup_policy.py",
    "test_local_aws_breakages.py",
    "test_local_aws_delivery.py",
    "test_local_aws_doctor.py",
    "test_local_aws_ses_events.py",
    "test_local_aws_subscriptions.py",
    "test_providers_canaries.py",
    "test_providers_ses_refusals.py",
    "test_serving.py",
    "test_sns.py",
    "test_webhook_bad_messages.py",
    "test_webhook_certificates.py",
    "test_webhook_receiving.py",
}
# Files that pass lines which no other does, on PostgreSQL too.
_FIRST_ON_BOTH = {
    "test_core_migrations.py",
    "test_core_storage.py",
    "test_end_to_end_probe.py",
}
# Single tests of files above that pass lines which no other does.
_FIRST_ALL_THE_SAME = {
    "test_a_bad_message_gets_its_answer",
    "test_a_certificate_that_cannot_be_fetched_is_503_and_fetched_again",
    "test_a_certificate_that_is_too_large_is_given_up",
    "test_a_clinic_may_publish_to_the_shared_topic_from_its_own_account",
    "test_a_clinic_without_a_provider_cannot_send",
    "test_a_clinics_topic_is_made_in_its_own_account_and_stored_for_the_webhook",
    "test_a_confirmation_needs_token_and_url",
    "test_a_location_head_may_look_but_not_change",
    "test_a_masked_secret_on_a_new_clinic_stands_for_nothing",
    "test_a_missing_dead_letter_queue_loses_the_message",
    "test_a_policy_is_printed_before_there_are_credentials",
    "test_a_provider_that_is_switched_off_is_refused",
    "test_a_provider_that_the_clinic_does_not_have_is_refused",
    "test_a_provider_without_a_sender_is_refused_and_the_default_sender_helps",
    "test_a_secret_is_not_kept_for_another_key",
    "test_a_topic_can_be_unset",
    "test_an_endpoint_that_does_not_confirm_stops_the_run_before_anything_is_switched_over",
    "test_an_event_has_tags_and_headers",
    "test_an_event_that_cannot_be_stored_is_refused_alone",
    "test_an_event_that_no_database_can_hold_is_refused_alone",
    "test_an_identity_may_ask_for_headers",
    "test_bad_json_is_refused_in_the_shape",
    "test_five_soft_bounces_in_a_row_suppress_for_thirty_days",
    "test_of_two_administrators_at_once_exactly_one_wins",
    "test_raw_delivery_can_be_subscribed_switched_off_and_on",
    "test_refused_lines_are_named_by_number_and_the_others_go_in",
    "test_the_platforms_endpoints_are_for_super_admins_alone",
    "test_the_trail_comes_in_pages_and_by_time",
    "test_what_cannot_be_composed_is_explained",
    "test_what_is_no_list_is_refused_with_advice",
    "test_what_ses_refuses_is_refused",
    "test_what_the_set_up_makes_is_green_and_the_printed_policy_is_all_that_it_takes_to_see_it",
}

NAMES = _PASSED_BY_OTHERS | _FIRST_ON_BOTH | _FIRST_ALL_THE_SAME


def is_traced(item: pytest.Item) -> bool:
    """Tell whether a test is to be traced; in a new file all are, but for twins on PostgreSQL and examples."""
    if item.path.name in _FIRST_ON_BOTH:
        return True
    parameters = getattr(item, "callspec", None)
    on_postgres = parameters is not None and "postgresql" in parameters.params.values()
    by_examples = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    if on_postgres or by_examples:
        return False
    first_all_the_same = item.name.partition("[")[0] in _FIRST_ALL_THE_SAME
    return first_all_the_same or _PASSED_BY_OTHERS.isdisjoint(item.path.parts)
