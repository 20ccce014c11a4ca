"""Clients of AWS services: one session, each client made when first asked for, with short time-outs."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    UnknownServiceError,
)
from botocore.loaders import Loader
from botocore.session import Session, get_session

from chalicelib.domain.errors import TemporarilyUnavailable

_CONNECT_TIMEOUT, _READ_TIMEOUT = 1, 3
_ATTEMPTS = 3
_SERVICE_UNAVAILABLE = 503
_THROTTLED = {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestThrottled"}
NOT_ANSWERING = (BotoCoreError, ClientError)


@cache
def session() -> Session:
    """The one session all clients are made of: each further one costs 20 ms of a cold start.

    Without a name of ours, botocore puts a long one together for every request: a twelfth of what a request costs.
    """
    made = get_session()
    made.set_default_client_config(Config(user_agent="wangge", parameter_validation=False))
    made.register_component("data_loader", _WithoutEndpointRules())
    return made


class _WithoutEndpointRules(Loader):
    """Descriptions of the services without the rules by which an endpoint is found anew for every request.

    An endpoint of ours depends on nothing that a request says, but a bucket's. Without rules botocore finds it once,
    by its table of endpoints; by them it goes through all parts of a transaction, looking for a table's ARN.
    """

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if type_name == "endpoint-rule-set-1" and service_name != "s3":
            raise UnknownServiceError(service_name=service_name, known_service_names="s3")
        return super().load_service_model(service_name, type_name, api_version)


@cache
def client(service: str, region: str, attempts: int = _ATTEMPTS) -> Any:
    """A client; `attempts` is 1 for calls that must not be made twice unawares."""
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": attempts},
        **({"signature_version": "s3v4"} if service == "s3" else {}),
    )
    made = session().create_client(service, region, config=config)
    made.meta.events.register("before-call.sns", _form_encoded_once)
    return made


def _form_encoded_once(params: dict[str, Any], **_: Any) -> None:
    """Encode a form here: botocore would for the signature, and again to send it, and Chinese text takes long."""
    if isinstance(params["body"], dict):
        params["body"] = urlencode(params["body"]).encode()


def temporary(error: Exception) -> bool:
    """Whether a failed call may succeed when it is made again later."""
    if not isinstance(error, ClientError):
        return True
    status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return status >= 500 or code_of(error) in _THROTTLED


def never_sent(error: Exception) -> bool:
    """Whether a failed call certainly did nothing: it never reached the service, or the service said no."""
    if isinstance(error, ClientError):
        status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        return status < 500 or status == _SERVICE_UNAVAILABLE
    return isinstance(error, EndpointConnectionError | ConnectTimeoutError)


def code_of(error: Exception) -> str:
    """The service's own code of an error; never its message, which may repeat what was sent."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__


def unavailable(error: Exception) -> TemporarilyUnavailable:
    return TemporarilyUnavailable(service_error=code_of(error))
