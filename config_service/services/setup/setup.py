"""Puts a run together: the platform's shared topic, a clinic's own, or a clinic's mail on the shared one."""

from dataclasses import replace

from config_service.errors import InvalidError
from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.accounts import SetupAccounts, unknown_account, with_known_place
from config_service.providers.aws_setup.resource import Resource
from config_service.providers.aws_setup.topic import Topic
from config_service.services.communication_config import CommunicationConfigService
from config_service.services.setup import names
from config_service.services.setup.clinic_accounts import ClinicAccounts, KnownAccounts
from config_service.services.setup.clinic_targets import ClinicTarget, ClinicTargets
from config_service.services.setup.clinic_topic import ClinicTopic
from config_service.services.setup.composition import Composition, Purpose
from config_service.services.setup.env_lines import env_lines
from config_service.services.setup.publishing import identities_of, publishing
from config_service.services.setup.request import SetupRequest
from shared.errors import ServiceError
from shared.sns import region_of

_ANY_ENDPOINT = "https://your-domain/api/v1/webhooks/ses"  # in a policy, which names none


class Setup:
    """Composes runs; nothing is changed before one is applied."""

    def __init__(
        self,
        accounts: SetupAccounts,
        clinic_accounts: ClinicAccounts,
        targets: ClinicTargets,
        configs: CommunicationConfigService,
        shared_topics: tuple[str, ...],
        platform_sender: str | None,
    ) -> None:
        """Take what connects, what knows the clinics, and the platform's own topics and sender."""
        self._accounts = accounts
        self._clinic_accounts = clinic_accounts
        self._targets = targets
        self._configs = configs
        self._shared_topics = shared_topics
        self._platform_sender = platform_sender

    def compose(self, request: SetupRequest, purpose: Purpose = Purpose.SET_UP) -> Composition:
        """Return the run; raise InvalidError, NotFoundError or AwsRefusedError."""
        if request.clinic_id is None:
            return self._shared(request, purpose)
        target = self._targets.find(request.clinic_id)
        if purpose == Purpose.POLICY:
            target = replace(target, account=with_known_place(target.account))
        if request.shared_topic:
            return self._on_shared_topic(request, target, purpose)
        return self._clinics_own(request, target, purpose)

    def _shared(self, request: SetupRequest, purpose: Purpose) -> Composition:
        account = self._platform(request, purpose)
        name = request.topic or self._known_topic(account) or names.DEFAULT_TOPIC
        known = KnownAccounts(frozenset(), {})
        if purpose == Purpose.SET_UP:
            known = self._clinic_accounts.in_region(account.place.region)
        topic = account.topic(name, {account.place.account, *known.ids}, all_known=not known.unknown)
        loop = self._loop(request, account, topic, purpose)
        warnings = (
            f"The AWS account of clinic {clinic} is not known; the topic's policy keeps what it has. {why}"
            for clinic, why in known.unknown.items()
        )
        after = self._publishing(request, account, topic.arn, self._platform_sender, purpose)
        lines = env_lines(self._shared_topics, topic.arn)
        return replace(loop, after=after, warnings=tuple(warnings), env_lines=lines)

    def _clinics_own(self, request: SetupRequest, target: ClinicTarget, purpose: Purpose) -> Composition:
        account, clinic = target.account, target.clinic_id
        name = request.topic or self._stored_name(target)
        name = name or names.of_clinic(names.DEFAULT_TOPIC, clinic, names.LONGEST_TOPIC)
        topic = account.topic(name, {account.place.account})
        loop = self._loop(request, account, topic, purpose)
        setting = ClinicTopic(self._configs, self._targets, target, topic, request.actor)
        # Sets of its own even in an account of its own: another clinic may use the same one.
        sets = (names.of_clinic(each, clinic, names.LONGEST_SET) for each in request.configuration_sets)
        own = replace(request, configuration_sets=tuple(sets))
        after = self._publishing(own, account, topic.arn, target.sender, purpose)
        # The setting comes first and goes last: by it a run that was stopped finds the topic again.
        return replace(loop, before=(setting, *loop.before), after=after)

    def _on_shared_topic(self, request: SetupRequest, target: ClinicTarget, purpose: Purpose) -> Composition:
        arn = next((arn for arn in self._shared_topics if region_of(arn) == target.region), None)
        if arn is None:
            raise InvalidError(
                f"AWS_SNS_TOPIC_ARN names no topic in {target.region}, where the clinic sends.",
                hint=f"Run setup --region {target.region} first, and set what it prints.",
            )
        after = self._publishing(request, target.account, arn, target.sender, purpose)
        return Composition(arn, (), (), after)

    def _platform(self, request: SetupRequest, purpose: Purpose) -> AccountResources:
        try:
            account = self._accounts.platform(request.region)
        except ServiceError:
            if purpose != Purpose.POLICY:
                raise
            return unknown_account(request.region or "REGION")
        return with_known_place(account) if purpose == Purpose.POLICY else account

    def _loop(
        self, request: SetupRequest, account: AccountResources, topic: Topic, purpose: Purpose
    ) -> Composition:
        queue = account.dead_letter_queue(request.dead_letter_queue or names.queue_of(topic.name), topic.arn)
        endpoints = [request.endpoint] if request.endpoint else []
        if not endpoints and purpose == Purpose.REMOVE:
            endpoints = account.endpoints_of(topic.arn)
        elif not endpoints and purpose == Purpose.POLICY:
            endpoints = [_ANY_ENDPOINT]
        elif not endpoints:
            hint = "Give --endpoint https://your-domain/api/v1/webhooks/ses."
            raise InvalidError("The webhook's URL is not given.", hint=hint)
        subscriptions = tuple(account.subscription(topic.arn, each, queue.arn) for each in endpoints)
        return Composition(topic.arn, (topic, queue), subscriptions, ())

    def _publishing(
        self,
        request: SetupRequest,
        account: AccountResources,
        topic_arn: str,
        sender: str | None,
        purpose: Purpose,
    ) -> tuple[Resource, ...]:
        identities = identities_of(account, request, sender, ask=purpose != Purpose.POLICY)
        return publishing(account, topic_arn, request.configuration_sets, identities, replace=request.replace)

    def _known_topic(self, account: AccountResources) -> str | None:
        """Return the name of the shared topic of the settings that is in this account and region."""
        prefix = account.place.arn("sns", "")
        names_ = (arn.removeprefix(prefix) for arn in self._shared_topics if arn.startswith(prefix))
        return next(names_, None)

    def _stored_name(self, target: ClinicTarget) -> str | None:
        """Return the name of the topic in the clinic's settings; raise InvalidError for one elsewhere."""
        if target.topic_arn is None:
            return None
        prefix = target.account.place.arn("sns", "")
        if not target.topic_arn.startswith(prefix):
            raise InvalidError(
                f"The clinic's topic {target.topic_arn} is not in its account {prefix.rstrip(':')}.",
                hint="Give --topic to make one there, which replaces it in the clinic's settings.",
            )
        return target.topic_arn.removeprefix(prefix)
