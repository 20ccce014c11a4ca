"""Who gets in: the authorizer asked as API Gateway asks it, with keys served by an issuer of the tests' own.

Tokens themselves are tried in `tests/unit/test_tokens.py`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from chalicelib import bootstrap
from chalicelib.domain.people import StaffMember
from chalicelib.handlers.authorizer import TTL_SECONDS
from chalicelib.models.reference_rows import StaffRow
from chalicelib.models.staff_store import KEPT_SECONDS
from tests.integration.edge import START, Edge, LambdaContext, cold_start
from tests.integration.gateway import Answer, answer_of, gateway_event
from tests.issuer import AUDIENCE, Issuer, published, serving
from tests.world import CELL, COMMUNITY, WORKER

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef/api/POST/v1/reports"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with serving() as made:
        made.publish(published("k1"))
        yield made


@pytest.fixture
def gate(edge: Edge, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Edge:
    """A deployment that trusts the issuer, with one member of staff and one who has left."""
    monkeypatch.setenv("OIDC_ISSUER", issuer.url)
    monkeypatch.setenv("OIDC_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("OIDC_JWKS_URL", issuer.jwks_url)
    monkeypatch.setenv("OIDC_SUBJECT_CLAIM", "sub")
    cold_start()
    edge.employ(WORKER)
    edge.employ(StaffMember("left", "station", f"centre-{COMMUNITY}", (COMMUNITY,)), active=False)
    return edge


@pytest.fixture
def requests(gate: Edge) -> list[str]:
    """The operations that DynamoDB is asked for from now on."""
    asked: list[str] = []
    bootstrap.staff()
    client = StaffRow._get_connection().connection.client
    client.meta.events.register("request-created.dynamodb", lambda operation_name, **_: asked.append(operation_name))
    return asked


def ask(gate: Edge, authorization: str) -> dict[str, Any]:
    """What the authorizer answers API Gateway. Raises what makes API Gateway answer 401 or 500."""
    found: dict[str, Any] = gate.invoke(
        "staff", {"type": "TOKEN", "authorizationToken": authorization, "methodArn": ARN}
    )
    return found


def allowed(found: dict[str, Any]) -> list[str]:
    (statement,) = found["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    resources: list[str] = statement["Resource"]
    return resources


def test_a_good_token_opens_every_route_and_says_role_unit_and_areas(gate: Edge, issuer: Issuer) -> None:
    found = ask(gate, f"Bearer {issuer.token()}")
    assert allowed(found) == ["arn:aws:execute-api:us-east-1:123456789012:abcdef/api/*/*"]
    assert found["principalId"] == WORKER.id
    assert found["context"] == {"role": "grid-worker", "unit": f"centre-{COMMUNITY}", "areas": CELL}


def test_what_the_authorizer_says_is_who_the_api_believes(gate: Edge, issuer: Issuer) -> None:
    found = ask(gate, f"Bearer {issuer.token()}")
    event = gateway_event("GET", "/v1/visits", None, None, {}, {})
    event["requestContext"]["authorizer"] = {"principalId": found["principalId"], **found["context"]}
    answer: Answer = answer_of(gate.invoke("api", event))
    assert (answer.status, answer.body) == (200, {"items": [], "next": None})


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_schemes_name_is_of_any_case(gate: Edge, issuer: Issuer, scheme: str) -> None:
    assert ask(gate, f"{scheme} {issuer.token()}")["principalId"] == WORKER.id


def test_the_keys_are_asked_for_once(gate: Edge, issuer: Issuer) -> None:
    issuer.asked.clear()
    for _ in range(3):
        ask(gate, f"Bearer {issuer.token()}")
    assert issuer.asked == ["/jwks.json"]


def _unsigned(issuer: Issuer) -> str:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    return jwt.encode(claims, None, algorithm="none", headers={"kid": "k1"})


BAD_TOKENS = {
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 60, iat=int(time.time()) - 600),
    "early": lambda issuer: issuer.token(nbf=int(time.time()) + 120),
    "of another issuer": lambda issuer: issuer.token(iss="https://issuer.example"),
    "for another audience": lambda issuer: issuer.token(aud="somebody-else"),
    "without a subject": lambda issuer: issuer.token(None),
    "of another key under a known name": lambda issuer: issuer.token(signed_by="thief"),
    "of an old key": lambda issuer: issuer.token(kid="k0"),
    "unsigned": _unsigned,
    "none": lambda issuer: "none",
    "very long": lambda issuer: "A" * 20_000,
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_a_token_that_proves_nothing_is_unauthorized(gate: Edge, issuer: Issuer, kind: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(gate, f"Bearer {BAD_TOKENS[kind](issuer)}")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dzE6dzE=", "{token}", "Token {token}", "Bearer  "])
def test_a_header_that_is_no_bearer_token_is_unauthorized(gate: Edge, issuer: Issuer, header: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(gate, header.replace("{token}", issuer.token()))


@pytest.mark.parametrize("subject", ["stranger", "left", "STAFF#w1", "W1", " w1"])
def test_a_good_token_of_nobody_who_works_here_opens_nothing(gate: Edge, issuer: Issuer, subject: str) -> None:
    found = ask(gate, f"Bearer {issuer.token(subject)}")
    assert allowed(found) == ["arn:aws:execute-api:us-east-1:123456789012:abcdef/api/*/nowhere"]
    assert found.get("context", {}) == {}


class TestLeaving:
    @pytest.fixture
    def seconds(self, gate: Edge, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """The monotonic clock by which the warm function keeps staff records."""
        at = [0.0]
        monkeypatch.setattr(bootstrap.staff(), "_monotonic", lambda: at[0])
        return at

    def is_in(self, gate: Edge, issuer: Issuer, who: str = WORKER.id) -> bool:
        return allowed(ask(gate, f"Bearer {issuer.token(who)}"))[0].endswith("/api/*/*")

    def test_the_gateway_and_the_function_together_believe_a_record_for_less_than_five_minutes(self) -> None:
        assert TTL_SECONDS + KEPT_SECONDS < 300 and KEPT_SECONDS <= 60

    def test_a_warm_authorization_asks_nobody(
        self, gate: Edge, issuer: Issuer, seconds: list[float], requests: list[str]
    ) -> None:
        assert self.is_in(gate, issuer)
        assert requests == ["GetItem"]
        seconds[0] = KEPT_SECONDS - 1
        assert self.is_in(gate, issuer)
        assert requests == ["GetItem"]

    def test_who_leaves_is_out_when_the_record_has_been_kept_its_time(
        self, gate: Edge, issuer: Issuer, seconds: list[float]
    ) -> None:
        assert self.is_in(gate, issuer)
        gate.employ(WORKER, active=False)
        seconds[0] = KEPT_SECONDS
        assert not self.is_in(gate, issuer)

    def test_who_comes_is_in_at_once_whatever_was_answered_before(
        self, gate: Edge, issuer: Issuer, seconds: list[float]
    ) -> None:
        assert not self.is_in(gate, issuer, "new")
        gate.employ(StaffMember("new", "station", f"centre-{COMMUNITY}", (COMMUNITY,)))
        assert self.is_in(gate, issuer, "new")

    def test_another_posting_counts_when_the_record_has_been_kept_its_time(
        self, gate: Edge, issuer: Issuer, seconds: list[float]
    ) -> None:
        assert self.is_in(gate, issuer)
        gate.employ(StaffMember(WORKER.id, "station", f"centre-{COMMUNITY}", (COMMUNITY,)))
        seconds[0] = KEPT_SECONDS
        assert ask(gate, f"Bearer {issuer.token()}")["context"]["role"] == "station"

    @pytest.mark.parametrize(
        ("days", "works"),
        [
            ({"from": "2026-11-22"}, True),
            ({"from": "2026-11-23"}, False),
            ({"until": "2026-11-22"}, True),
            ({"until": "2026-11-21"}, False),
            ({"from": "2026-01-01", "until": "2026-12-31"}, True),
            ({"from": "2026-12-31", "until": "2026-01-01"}, False),
            ({"from": "", "until": ""}, True),
            ({"until": "2026/12/31"}, False),
            ({"until": "for ever"}, False),
            ({"from": "２０２６-01-01"}, False),
        ],
        ids=str,
    )
    def test_who_has_not_begun_or_has_ended_is_a_stranger(
        self, gate: Edge, issuer: Issuer, days: dict[str, str], works: bool
    ) -> None:
        gate.employ(WORKER, **days)
        assert self.is_in(gate, issuer) is works

    def test_days_are_the_districts(self, gate: Edge, issuer: Issuer) -> None:
        gate.employ(WORKER, until="2026-11-22")
        gate.clock.at = START.replace(hour=15, minute=59, second=59)
        assert self.is_in(gate, issuer)
        gate.clock.at = START.replace(hour=16)  # midnight in Xuzhou
        assert not self.is_in(gate, issuer)

    def test_a_kept_record_ends_with_its_last_day(self, gate: Edge, issuer: Issuer, seconds: list[float]) -> None:
        gate.employ(WORKER, until="2026-11-22")
        assert self.is_in(gate, issuer)
        gate.clock.at = START.replace(hour=16)
        assert not self.is_in(gate, issuer)


def test_an_issuer_that_does_not_answer_is_a_fault_of_ours_and_no_refusal(
    gate: Edge, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OIDC_JWKS_URL", "http://127.0.0.1:9/jwks.json")
    cold_start()
    with pytest.raises(Exception) as failed:
        ask(gate, f"Bearer {issuer.token()}")
    assert str(failed.value) != "Unauthorized"


def test_the_context_of_lambda_is_like_lambdas() -> None:
    assert LambdaContext("wangge-test-staff").invoked_function_arn.endswith(":function:wangge-test-staff")
