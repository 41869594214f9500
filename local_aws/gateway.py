"""The AWS endpoint: finds for each call who answers it; by default ministack does."""

from collections.abc import Callable, Mapping

from local_aws.account_states import AccountStates
from local_aws.calls import Answer, Call, MinistackGateway
from local_aws.configuration_sets import ConfigurationSets
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
        sets: ConfigurationSets,
        accounts: AccountStates,
        by_path: Mapping[str, Handler],
    ) -> None:
        """Take who answers calls by their action and, of SES v2, by the beginning of their path."""
        self._ministack = ministack
        self._sends = sends
        self._accounts = accounts
        self._by_path = by_path
        self._by_action: Mapping[str, Handler] = {
            **sns.handlers,
            **sends.handlers,
            **settings.handlers,
            **sets.handlers,
            **accounts.handlers,
        }

    def answer(self, call: Call) -> Answer:
        return self._accounts.access.refusal(call) or self._handler(call)(call)

    def _handler(self, call: Call) -> Handler:
        if call.action:
            return self._by_action.get(call.action, self._ministack.forward)
        if call.method == "POST" and call.path.rstrip("/") == SEND_PATH:
            return self._sends.send_v2
        found = (handler for path, handler in self._by_path.items() if call.path.startswith(path))
        return next(found, self._ministack.forward)
