"""The one origin: AWS endpoint, certificate, relay, and the controls under `/_local/`."""

import json

from flask import Flask, Response, request

from local_aws.background import Background
from local_aws.calls import Call
from local_aws.gateway import AwsGateway
from local_aws.relay import RELAY_PATH
from local_aws.signing import MessageSigner
from local_aws.sns_calls import SnsCalls

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def create_app(gateway: AwsGateway, sns: SnsCalls, signer: MessageSigner, background: Background) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # SNS's fields keep their order
    app.url_map.merge_slashes = False  # an S3 key may contain them

    @app.get(signer.certificate_path)
    def certificate() -> Response:
        return Response(signer.certificate_pem, content_type="application/x-pem-file")

    @app.post(RELAY_PATH)
    def relay() -> str:
        """Take a delivery from ministack, which waits for the answer only and never tries again."""
        background.run(sns.relay, json.loads(request.get_data()), request.args["to"])
        return ""

    @app.route("/", methods=_METHODS, defaults={"path": ""}, provide_automatic_options=False)
    @app.route("/<path:path>", methods=_METHODS, provide_automatic_options=False)
    def aws(**_path: str) -> Response:
        """Answer any AWS call; the path is taken as it came, because signatures and keys need it encoded."""
        target = request.environ["REQUEST_URI"]
        call = Call(request.method, target, dict(request.headers), request.get_data())
        answer = gateway.answer(call)
        return Response(answer.body, answer.status, answer.headers)

    return app
