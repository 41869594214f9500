"""The least that a Flask endpoint can do with a message: read it, parse it, answer."""

import json

from flask import Flask, Response, jsonify, request

app = Flask(__name__, static_folder=None)


@app.get("/readyz")
def ready() -> Response:
    """Tell that the process serves."""
    return jsonify(success=True)


@app.post("/")
def receive() -> Response:
    """Answer a message; nothing is verified and nothing is stored."""
    message = json.loads(request.get_data())
    return jsonify(success=True, messageId=message["MessageId"])
