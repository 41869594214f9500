"""The composition root: builds every part once and serves them."""

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local_aws.account_states import ACCOUNT_PATH, AccountStates
from local_aws.aws_clients import AwsClients
from local_aws.background import Background
from local_aws.calls import MinistackGateway
from local_aws.configuration_sets import SETS_PATH, ConfigurationSets
from local_aws.controls import controls
from local_aws.dead_letters import SqsDeadLetters
from local_aws.delivery import Courier
from local_aws.dns_server import DnsServer
from local_aws.dns_zone import DnsZone
from local_aws.email_identities import IDENTITIES_PATH, EmailIdentities
from local_aws.envelopes import EnvelopeMaker
from local_aws.gateway import AwsGateway
from local_aws.identities import Identities
from local_aws.journal import Journal
from local_aws.ministack import Ministack, require_free_port
from local_aws.options import Options
from local_aws.publisher import DeliveryPolicy, Publisher
from local_aws.relay import Relay
from local_aws.ses_events import SesEvents
from local_aws.ses_sends import SesSends
from local_aws.ses_settings import SesNotificationSettings
from local_aws.signing import MessageSigner
from local_aws.sns_calls import SnsCalls
from local_aws.subscriptions import Subscriptions
from local_aws.suppressed_destinations import SUPPRESSION_PATH, SuppressedDestinations
from local_aws.web import create_app
from local_aws.world_controls import world_controls


class LocalAws:
    """The stand-in as one object: `start`, then `serve` until it is shut down, then `close`."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.ministack = Ministack(options.ministack, options.ministack_port)
        self._background: Background | None = None
        self._server: BaseWSGIServer | None = None
        self._zone = DnsZone()
        self._dns: DnsServer | None = None

    def start(self) -> None:
        """Start ministack and listen; raise StartError if either cannot be."""
        require_free_port(self.options.host, self.options.port, "--port")
        self._dns = DnsServer(self.options.host, self.options.port, self._zone)
        self.ministack.start()
        self._background = Background()
        handler = WSGIRequestHandler if self.options.verbose else _QuietRequestHandler
        self._server = make_server(
            self.options.host,
            self.options.port,
            build_app(self.options, self._background, self._zone),
            threaded=True,
            request_handler=handler,
        )

    def serve(self) -> None:
        assert self._server is not None
        self._server.serve_forever()

    def shutdown(self) -> None:
        """Make `serve` return; call it from another thread."""
        assert self._server is not None
        self._server.shutdown()

    def close(self) -> None:
        if self._server is not None:
            self._server.server_close()
        if self._dns is not None:
            self._dns.close()
        if self._background is not None:
            self._background.close()
        self.ministack.stop()


def build_app(options: Options, background: Background, zone: DnsZone) -> Flask:
    clients = AwsClients(options.ministack_url)
    ministack = MinistackGateway(options.ministack_url)
    signer, journal, relay = MessageSigner(), Journal(), Relay(options.local_url)
    subscriptions = Subscriptions(clients, relay)
    publisher = Publisher(
        subscriptions,
        EnvelopeMaker(signer, options.public_url),
        Courier(background, journal, SqsDeadLetters(clients)),
        DeliveryPolicy(options.retries, options.retry_delay),
    )
    identities = Identities(clients)
    suppressed = SuppressedDestinations(clients)
    events = SesEvents(clients, identities, options.default_topic, suppressed)
    verify_sender = identities.verify_sender if options.default_topic else None
    sns = SnsCalls(ministack, relay, subscriptions, publisher)
    email_identities = EmailIdentities(ministack, clients)
    accounts = AccountStates(ministack, clients)
    sets = ConfigurationSets(ministack, clients, events)
    gateway = AwsGateway(
        ministack,
        sns,
        SesSends(ministack, clients, events, background, options.event_delay, verify_sender),
        SesNotificationSettings(identities, events),
        sets,
        accounts,
        {
            SETS_PATH: sets.v2,
            ACCOUNT_PATH: accounts.v2,
            SUPPRESSION_PATH: suppressed.v2,
            IDENTITIES_PATH: email_identities.v2,
        },
    )
    app = create_app(gateway, sns, signer, background)
    app.register_blueprint(controls(publisher, journal, ministack, email_identities))
    app.register_blueprint(world_controls(accounts, zone))
    return app


class _QuietRequestHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: a request is not news."""
