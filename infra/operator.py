"""The operator's side of the vault: the application's own services, joined for somebody at a terminal.

Whoever runs a command is known by the credentials it runs with, and stands in the audit with their ARN.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from chalicelib.adapters.sealing import KeyedPhoneIndex, KmsSealer
from chalicelib.adapters.secrets import Secrets
from chalicelib.adapters.system import RandomIds, SystemClock
from chalicelib.domain.audit import BY_COMMAND, Origin
from chalicelib.domain.events import Actor
from chalicelib.domain.policy import Policy
from chalicelib.models.audit_store import DynamoAuditLog, DynamoSealChain
from chalicelib.models.base import ReferenceRow, Row, VaultRow, connect
from chalicelib.models.case_rows import CasesRow
from chalicelib.models.case_store import DynamoCaseStore
from chalicelib.models.histories import DynamoHistories
from chalicelib.models.policy_store import DynamoPolicies, KeptVersion
from chalicelib.models.vault_store import DynamoVault
from chalicelib.policy.loader import policy_from, read_policy
from chalicelib.services.audit import Audit
from chalicelib.services.persons import Persons
from chalicelib.services.policies import UNREADABLE_AS, KeptPolicies
from chalicelib.services.replaying import Replaying
from chalicelib.services.retention import Retention
from chalicelib.services.verifying import Verification
from infra.build import compiled_pack
from infra.deploy import session
from infra.settings import ROOT, load_deployment

_ROLE = "operator"


def noted(stage: str, region: str, endpoint: str | None, what: str, thing: str) -> None:
    """Note that somebody at a terminal does something, before it is done. Raises TemporarilyUnavailable."""
    from infra.deploy import stateful_outputs

    operator = Operator(stage, region, endpoint, stateful_outputs(stage, region, endpoint))
    operator.audit.note(what, operator.by, thing=thing)


@dataclass
class Operator:
    """`outputs`: of the stateful stack."""

    stage: str
    region: str
    endpoint: str | None
    outputs: Mapping[str, str]

    @cached_property
    def by(self) -> Origin:
        caller = self._client("sts").get_caller_identity()["Arn"]
        return Origin(Actor(caller, _ROLE), BY_COMMAND, str(uuid4()))

    @cached_property
    def vault(self) -> DynamoVault:
        return DynamoVault(self._connection)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self.log, self._policy, SystemClock(), RandomIds())

    @cached_property
    def sealer(self) -> KmsSealer:
        return KmsSealer(lambda: self._client("kms"), lambda: self.outputs["DataKeyArn"])

    @cached_property
    def persons(self) -> Persons:
        secrets = Secrets(self._client("secretsmanager"), self.outputs["SecretArn"], time.monotonic)
        phones = KeyedPhoneIndex(lambda: secrets.get("phone"))
        store = DynamoCaseStore(self._connection)
        return Persons(store, self.vault, self.sealer, phones, self.audit, self._policy, SystemClock())

    @property
    def retention(self) -> Retention:
        return Retention(self.vault, self.audit, self._policy, SystemClock())

    @property
    def verification(self) -> Verification:
        return Verification(self.log, self.chain, SystemClock())

    @property
    def replaying(self) -> Replaying:
        self._bind()
        return Replaying(DynamoHistories(), time.sleep, self._versions)

    @cached_property
    def kept(self) -> DynamoPolicies:
        self._bind()
        return DynamoPolicies()

    def policies(self, missing: Callable[[str, str], None] = lambda version, why: None) -> KeptPolicies:
        """The versions as functions ask for them. `missing`: told of one that is named and not to be had."""
        return KeptPolicies(self.current, lambda: self.kept, read_policy, missing)

    @cached_property
    def _versions(self) -> KeptPolicies:
        return self.policies()

    @cached_property
    def current(self) -> Policy:
        """The policy in force; what this checkout would deploy, where none is kept that this code can read."""
        compiled = self.kept.compiled(self.in_force.version) if self.in_force else None
        try:
            return read_policy(compiled) if compiled else self._policy
        except UNREADABLE_AS:
            return self._policy

    @cached_property
    def in_force(self) -> KeptVersion | None:
        """The version that was deployed last; None before any deployment kept its own."""
        deployed = [each for each in self.kept.versions() if each.deployed_at]
        return max(deployed, key=lambda each: each.deployed_at or each.kept_at, default=None)

    @cached_property
    def chain(self) -> DynamoSealChain:
        self._bind()
        return DynamoSealChain()

    @cached_property
    def log(self) -> DynamoAuditLog:
        self._bind()
        return DynamoAuditLog()

    def _bind(self) -> Any:
        """Bind the rows to their tables, for stores that need no connection of their own."""
        return self._connection

    @cached_property
    def _connection(self) -> Any:
        credentials = session(self.region, self.endpoint)._session
        return connect(self._tables, self.region, credentials, self.endpoint)

    @property
    def _tables(self) -> dict[type[Row], str]:
        names = {CasesRow: "CasesTable", VaultRow: "VaultTable", ReferenceRow: "ReferenceTable"}
        return {row: self.outputs[name] for row, name in names.items()}

    @cached_property
    def _policy(self) -> Policy:
        return policy_from(json.loads(compiled_pack(load_deployment(self.stage), ROOT)))

    def _client(self, service: str) -> Any:
        return session(self.region, self.endpoint).client(service, endpoint_url=self.endpoint)
