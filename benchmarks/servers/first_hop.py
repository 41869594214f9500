"""The least that two services can do with a message: the first posts it to the second, which is bare.py."""

import os

import requests
from flask import Flask, Response, jsonify, request
from requests.adapters import HTTPAdapter

_SECOND = os.environ["SECOND_HOP_URL"]
_POOL = 64  # connections kept open, as webhook_service keeps them

app = Flask(__name__, static_folder=None)
_session = requests.Session()
_session.trust_env = False
_session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=_POOL))


@app.get("/readyz")
def ready() -> Response:
    """Tell that the process serves."""
    return jsonify(success=True)


@app.post("/")
def receive() -> Response:
    """Hand the message on and answer what the second service answered."""
    answer = _session.post(_SECOND, data=request.get_data(), timeout=10)
    answer.raise_for_status()
    return jsonify(answer.json())
