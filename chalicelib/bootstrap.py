"""The one place where real parts are joined. Each part is made once, when a function first asks for it.

What a part is made of is imported then, too: a function's cold start pays for its own parts only.
"""

from __future__ import annotations

import time
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.adapters import aws
from chalicelib.adapters.system import SystemClock
from chalicelib.config import settings

if TYPE_CHECKING:
    from pynamodb.connection import Connection

    from chalicelib.adapters.bucket import S3MediaBucket
    from chalicelib.adapters.queues import SqsDeadLetters
    from chalicelib.adapters.sealing import KeyedPhoneIndex
    from chalicelib.adapters.secrets import Secrets
    from chalicelib.domain.people import StaffMember
    from chalicelib.domain.policy import Policy
    from chalicelib.models.case_store import DynamoCaseStore
    from chalicelib.models.panel_store import DynamoPool
    from chalicelib.models.policy_store import DynamoPolicies
    from chalicelib.models.reference_store import DynamoGrid, DynamoRoster
    from chalicelib.models.staff_store import KeptStaff
    from chalicelib.models.vault_store import DynamoVault
    from chalicelib.services.acting import Acting
    from chalicelib.services.alerts import Alerts
    from chalicelib.services.attachments import Attachments
    from chalicelib.services.audit import Audit, Sealing
    from chalicelib.services.audit_reading import AuditReading
    from chalicelib.services.figures import Counting, Figures
    from chalicelib.services.imports import Imports
    from chalicelib.services.intake import Intake
    from chalicelib.services.law_house import LawHouse
    from chalicelib.services.locating import Locating
    from chalicelib.services.matching import Matching
    from chalicelib.services.mediation_files import MediationFiles
    from chalicelib.services.notices import Notices
    from chalicelib.services.patrolling import Patrolling
    from chalicelib.services.persons import Persons
    from chalicelib.services.policies import KeptPolicies
    from chalicelib.services.pool import People
    from chalicelib.services.reading import Reading
    from chalicelib.services.relay import Relay
    from chalicelib.services.reporters import Reporters
    from chalicelib.services.sweep import Sweep
    from chalicelib.services.viewing import Viewing

_CLOCK = SystemClock()


@cache
def policy() -> Policy:
    from chalicelib.policy.loader import load_policy

    return load_policy(settings().policy_file)


@cache
def policies() -> KeptPolicies:
    from chalicelib.policy.loader import read_policy
    from chalicelib.services.policies import KeptPolicies

    return KeptPolicies(policy(), _kept_policies, read_policy, _no_such_version)


def now() -> datetime:
    return _CLOCK.now()


@cache
def secrets() -> Secrets:
    from chalicelib.adapters.secrets import Secrets

    return Secrets(_client("secretsmanager"), settings().need("SECRETS_ID"), time.monotonic)


@cache
def intake() -> Intake:
    from chalicelib.adapters.system import RandomIds
    from chalicelib.services.intake import Intake

    return Intake(_store(), _grid(), _roster(), policies(), sealer(), _phones(), matching(), _CLOCK, RandomIds())


@cache
def matching() -> Matching:
    from chalicelib.services.matching import Matching

    return Matching(_store(), _grid(), policies(), _CLOCK)


@cache
def audit() -> Audit:
    from chalicelib.adapters.system import RandomIds
    from chalicelib.models.audit_store import DynamoAuditLog
    from chalicelib.services.audit import Audit

    _connection()
    return Audit(DynamoAuditLog(), policy(), _CLOCK, RandomIds())


@cache
def audit_reading() -> AuditReading:
    from chalicelib.models.audit_store import DynamoAuditLog
    from chalicelib.services.audit_reading import AuditReading

    return AuditReading(DynamoAuditLog(), _vault(), policy())


@cache
def reporters() -> Reporters:
    from chalicelib.services.reporters import Reporters

    return Reporters(_store(), _vault(), sealer(), audit(), policy())


@cache
def persons() -> Persons:
    from chalicelib.services.persons import Persons

    return Persons(_store(), _vault(), sealer(), _phones(), audit(), policy(), _CLOCK)


@cache
def sealing() -> Sealing:
    """Needs the vault only."""
    from chalicelib.models.audit_store import DynamoSealChain
    from chalicelib.models.base import VaultRow, connect
    from chalicelib.services.audit import Sealing

    connect({VaultRow: settings().vault_table}, settings().region, aws.session())
    return Sealing(DynamoSealChain(), _CLOCK)


@cache
def acting() -> Acting:
    from chalicelib.adapters.system import RandomIds
    from chalicelib.services.acting import Acting

    return Acting(_store(), _grid(), _roster(), policies(), _CLOCK, RandomIds(), _member_of_staff, _pool, matching)


@cache
def reading() -> Reading:
    from chalicelib.services.reading import Reading

    return Reading(_store(), policies())


@cache
def mediation_files() -> MediationFiles:
    from chalicelib.services.mediation_files import MediationFiles

    return MediationFiles(reading(), reporters(), _pool(), policies(), _CLOCK)


@cache
def viewing() -> Viewing:
    from chalicelib.services.viewing import Viewing

    return Viewing(_store(), policy(), _CLOCK)


@cache
def locating() -> Locating:
    from chalicelib.services.locating import Locating

    return Locating(_grid(), policy())


@cache
def notices() -> Notices:
    from chalicelib.models.board_store import DynamoBoard
    from chalicelib.services.notices import Notices

    return Notices(DynamoBoard(_connection()), people(), policy(), _CLOCK)


@cache
def patrolling() -> Patrolling:
    from chalicelib.models.patrol_store import DynamoPatrolStore
    from chalicelib.services.patrolling import Patrolling

    return Patrolling(DynamoPatrolStore(_connection()), _grid(), _roster(), policy(), _CLOCK)


@cache
def people() -> People:
    from chalicelib.services.pool import People

    return People(_pool(), policy(), _CLOCK)


@cache
def law_house() -> LawHouse:
    from chalicelib.models.advice_store import DynamoAdviceBook
    from chalicelib.services.law_house import LawHouse

    return LawHouse(people(), DynamoAdviceBook(_connection()), _grid(), audit(), policy(), _CLOCK)


@cache
def attachments() -> Attachments:
    from chalicelib.models.attachment_store import DynamoAttachments
    from chalicelib.services.attachments import Attachments

    return Attachments(DynamoAttachments(_connection()), _bucket(), reading(), audit(), policy(), _CLOCK)


@cache
def alerts() -> Alerts:
    from chalicelib.adapters.messages import SesMail, SnsTextMessages
    from chalicelib.models.delivery_store import DynamoDeliveryLedger, DynamoIdentities
    from chalicelib.models.reference_store import KeptRoster
    from chalicelib.services.alerts import Alerts

    connection = _connection()
    return Alerts(
        DynamoDeliveryLedger(connection),
        KeptRoster(time.monotonic),
        DynamoIdentities(),
        sealer(),
        SnsTextMessages(_client("sns", attempts=1)),
        SesMail(_client("sesv2", attempts=1), settings().need("MAIL_FROM")),
        policies(),
        _CLOCK,
    )


@cache
def counting() -> Counting:
    from chalicelib.models.figure_store import DynamoFigures
    from chalicelib.services.figures import Counting

    return Counting(DynamoFigures(_connection()), policy())


@cache
def figures() -> Figures:
    from chalicelib.models.figure_store import DynamoFigures
    from chalicelib.services.figures import Figures

    return Figures(DynamoFigures(_connection()), _grid(), policy(), _CLOCK)


@cache
def imports() -> Imports:
    from chalicelib.adapters.queues import SqsImportQueue
    from chalicelib.models.import_store import DynamoImports
    from chalicelib.services.imports import Imports

    queue = SqsImportQueue(_client("sqs"), settings().need("IMPORTS_QUEUE_URL"))
    return Imports(DynamoImports(_connection()), _bucket(), queue, audit(), policy(), _CLOCK)


@cache
def relay() -> Relay:
    from chalicelib.adapters.queues import SnsTopic
    from chalicelib.models.stream import event_of
    from chalicelib.services.relay import Relay

    topic = SnsTopic(_client("sns"), settings().need("EVENTS_TOPIC_ARN"))
    return Relay(topic, dead_letters(), event_of, settings().stage)


@cache
def sweep() -> Sweep:
    from chalicelib.adapters.queues import SqsDueQueue
    from chalicelib.services.sweep import Sweep

    return Sweep(_store(), SqsDueQueue(_client("sqs"), settings().need("DUE_QUEUE_URL")), _CLOCK)


@cache
def dead_letters() -> SqsDeadLetters:
    from chalicelib.adapters.queues import SqsDeadLetters

    return SqsDeadLetters(lambda: _client("sqs"), settings().need("DEAD_LETTERS_URL"))


@cache
def staff() -> KeptStaff:
    """Needs the reference table only: the authorizer's cold start has no use for the others, nor for the policy."""
    from chalicelib.models.base import ReferenceRow, connect
    from chalicelib.models.staff_store import DynamoStaff, KeptStaff

    connect({ReferenceRow: settings().reference_table}, settings().region, aws.session())
    return KeptStaff(DynamoStaff(), time.monotonic, lambda: policy().day_of(now()))


def _member_of_staff(staff_id: str) -> StaffMember | None:
    """Somebody who works here today. Asked for seldom, and so joined when it is."""
    from chalicelib.models.staff_store import DynamoStaff

    _connection()
    known = DynamoStaff().employments([staff_id]).get(staff_id)
    return known.member if known and known.lasts_on(policy().day_of(now())) else None


@cache
def sealer() -> Any:
    from chalicelib.adapters.sealing import KmsSealer

    return KmsSealer(lambda: _client("kms"), lambda: settings().need("DATA_KEY_ID"))


def keep_refused(source: str, reason: str, content: bytes) -> None:
    """Keep, sealed, a message that could be neither taken nor sent back."""
    at = _CLOCK.now()
    _store().keep_refused(source, at, reason, sealer().seal_bytes(content, f"refused:{source}"))


@cache
def _connection() -> Connection:
    from chalicelib.models.base import ReferenceRow, VaultRow, connect
    from chalicelib.models.case_rows import CasesRow

    names = settings()
    tables = {CasesRow: names.cases_table, ReferenceRow: names.reference_table, VaultRow: names.vault_table}
    return connect({base: name for base, name in tables.items() if name}, names.region, aws.session())


@cache
def _store() -> DynamoCaseStore:
    from chalicelib.models.case_store import DynamoCaseStore

    return DynamoCaseStore(_connection())


def _kept_policies() -> DynamoPolicies:
    from chalicelib.models.policy_store import DynamoPolicies

    _connection()
    return DynamoPolicies()


def _no_such_version(version: str, why: str) -> None:
    from chalicelib.observability import logger

    logger().warning("policy version missing", extra={"policy_version": version, "reason": why})


@cache
def _grid() -> DynamoGrid:
    from chalicelib.models.reference_store import DynamoGrid

    return DynamoGrid(_connection())


@cache
def _roster() -> DynamoRoster:
    from chalicelib.models.reference_store import DynamoRoster

    _connection()
    return DynamoRoster()


@cache
def _pool() -> DynamoPool:
    from chalicelib.models.panel_store import DynamoPool

    return DynamoPool(_connection())


@cache
def _vault() -> DynamoVault:
    from chalicelib.models.vault_store import DynamoVault

    return DynamoVault(_connection())


@cache
def _phones() -> KeyedPhoneIndex:
    from chalicelib.adapters.sealing import KeyedPhoneIndex

    return KeyedPhoneIndex(lambda: secrets().get("phone"))


@cache
def _bucket() -> S3MediaBucket:
    from chalicelib.adapters.bucket import S3MediaBucket

    return S3MediaBucket(_client("s3"), settings().need("MEDIA_BUCKET"))


def _client(service: str, attempts: int = 3) -> Any:
    return aws.client(service, settings().region, attempts)
