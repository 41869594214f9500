"""The controls under `/_local/` that change the world around the services: accounts, keys, the DNS."""

from dns.exception import DNSException
from flask import Blueprint, Response, jsonify, request

from local_aws.account_states import AccountStates
from local_aws.dns_zone import DnsZone


def world_controls(accounts: AccountStates, zone: DnsZone) -> Blueprint:
    blueprint = Blueprint("world", __name__, url_prefix="/_local")

    @blueprint.post("/accounts")
    def say_account() -> Response:
        """Take `accountId`, and what `AccountStates.say` takes."""
        document = request.get_json(force=True)
        accounts.say(document.pop("accountId"), document)
        return jsonify(ok=True)

    @blueprint.post("/keys")
    def say_key() -> Response:
        """Take `accessKeyId`, and what `Access.say` takes."""
        document = request.get_json(force=True)
        accounts.access.say(document.pop("accessKeyId"), document)
        return jsonify(ok=True)

    @blueprint.post("/dns")
    def change() -> Response:
        """Take away `remove`, a list of `NAME TYPE`, then add the zone file lines of `add`."""
        document = request.get_json(force=True)
        for text in document.get("remove", []):
            zone.remove(*text.split())
        zone.add(document.get("add", []))
        return jsonify(ok=True)

    blueprint.register_error_handler(DNSException, _explain)
    return blueprint


def _explain(error: DNSException) -> tuple[Response, int]:
    return jsonify(message=str(error)), 400
