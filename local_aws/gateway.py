"""The AWS endpoint: finds for each call who answers it; by default ministack does."""

from collections.abc import Callable, Mapping

from local_aws.calls import Answer, Call, MinistackGateway
from local_aws.configuration_sets import SETS_PATH, ConfigurationSets
from local_aws.ses_sends import SEND_PATH, SesSends
from local_aws.ses_settings import SesNotificationSettings
from local_aws.sns_calls import SnsCalls

Handler = Callable[[Call], Answer]


class AwsGateway:
    def __init__(
        self,
        ministack: MinistackGateway,
        sns: SnsCalls,
        sends: SesSends,
        settings: SesNotificationSettings,
        configuration_sets: ConfigurationSets,
    ) -> None:
        self._ministack = ministack
        self._sends = sends
        self._configuration_sets = configuration_sets
        self._by_action: Mapping[str, Handler] = {
            **sns.handlers,
            **sends.handlers,
            **settings.handlers,
            **configuration_sets.handlers,
        }

    def answer(self, call: Call) -> Answer:
        return self._handler(call)(call)

    def _handler(self, call: Call) -> Handler:
        if call.action:
            return self._by_action.get(call.action, self._ministack.forward)
        if call.method == "POST" and call.path.rstrip("/") == SEND_PATH:
            return self._sends.send_v2
        if call.path.startswith(SETS_PATH):
            return self._configuration_sets.v2
        return self._ministack.forward
