"""Answers as they go out: the domain's values in the words of the contract."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.procedure import allowed_actions

if TYPE_CHECKING:
    from chalicelib.domain.attachments import Attachment, UploadForm
    from chalicelib.domain.audit import Entry
    from chalicelib.domain.cases import Case
    from chalicelib.domain.clocks import Clock
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.grid import Area
    from chalicelib.domain.links import Links
    from chalicelib.domain.masking import Masked
    from chalicelib.domain.mediations import Mediation
    from chalicelib.domain.petitions import Petition
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.records import CaseSummary, KnownReport
    from chalicelib.domain.reports import Receipt
    from chalicelib.services.imports import Import
    from chalicelib.services.persons import Erased
    from chalicelib.services.reading import PublicCase
    from chalicelib.services.reporters import Released

_WHAT_ZH = {
    E.CASE_REPORTED: "收到反映",
    E.CASE_JOINED: "收到补充反映",
    E.CASE_CLASSIFIED: "完成甄别分类",
    E.CASE_SENT_TO_SCREENING: "转入甄别",
    E.CASE_ASSIGNED: "交办责任单位",
    E.CASE_ACCEPTED: "责任单位受理",
    E.CASE_RETURNED: "责任单位退回",
    E.CASE_RESOLVED: "办结并答复",
    E.CASE_REOPEN_REQUESTED: "申请重办",
    E.CASE_REOPENED: "同意重办",
    E.CASE_REOPEN_DECLINED: "不予重办",
    E.CASE_CLOSED: "归档",
    E.CASE_MOVED: "随网格调整移交",
    E.VISIT_PLANNED: "安排回访",
    E.VISIT_DUE: "回访到期",
    E.VISIT_RECORDED: "记录回访结果",
    E.CLOCK_BREACHED: "超过时限",
    E.CASE_ADVANCED: "办理进展",
    E.CASE_RETURN_REJECTED: "驳回退单",
    E.CASE_TRANSFERRED: "流转",
    E.CASE_ESCALATED: "上报",
    E.CASE_DELEGATED: "下派",
    E.JOINT_REQUESTED: "请求协同",
    E.JOINT_ACCEPTED: "同意协同",
    E.JOINT_REFUSED: "拒绝协同",
    E.JOINT_FINISHED: "协同完成",
    E.EXTENSION_REQUESTED: "申请延期",
    E.EXTENSION_APPROVED: "同意延期",
    E.EXTENSION_REFUSED: "不同意延期",
    E.CASE_SUSPENDED: "挂起",
    E.CASE_RESUMED: "恢复办理",
    E.CASE_FINISHED: "处置完毕，待核查",
    E.CASE_VERIFIED: "核查通过",
    E.CASE_SENT_BACK: "核查退回",
    E.CASE_EVALUATED: "评价",
    E.CASE_WITHDRAWN: "撤回",
    E.CASE_VOIDED: "作废",
    E.CASE_MIGRATED: "改用新版政策",
    E.CLOCK_WARNED: "临期提醒",
    E.CLOCK_RECOMPUTED: "重算时限",
    E.MEDIATION_OPENED: "启动调解",
    E.MEDIATION_CONSENTED: "当事人同意调解",
    E.MEDIATION_SESSION_HELD: "召开调解会议",
    E.MEDIATION_AGREED: "达成调解协议",
    E.MEDIATION_VISIT_PLANNED: "安排履约回访",
    E.MEDIATION_CONFIRMATION_APPLIED: "申请司法确认",
    E.MEDIATION_CONFIRMATION_ACCEPTED: "法院受理确认申请",
    E.MEDIATION_RULED: "法院作出确认决定",
    E.MEDIATION_PERFORMED: "履约回访",
    E.MEDIATION_ENDED: "终止调解",
    E.PANEL_INVITED: "邀请人员参加",
    E.PANEL_ANSWERED: "受邀人员答复",
    E.PANEL_AVOIDED: "回避",
    E.PANEL_TOOK_PART: "受邀人员参加",
    E.MATTER_OFFERED: "疑似同一事项",
    E.MATTER_ABSORBED: "并入同一事项",
    E.MATTER_MERGED: "并案办理",
    E.MATTER_RELEASED: "并入事项分出",
    E.MATTER_UNMERGED: "撤销并案恢复",
    E.MATTER_SPLIT: "拆分立案",
    E.MATTER_TOLD_APART: "非同一事项",
    E.PETITION_REGISTERED: "信访登记",
    E.PETITION_CARD_CHANGED: "挂卡",
    E.PETITION_CARD_EXAMINED: "卡色研判",
    E.PETITION_DIRECTED: "告知法定途径",
    E.PETITION_DECLINED: "不予受理",
    E.PETITION_PASSED_ON: "转送交办",
    E.PETITION_ACCEPTED: "受理",
    E.PETITION_REFERRED: "报请共同上级决定",
    E.PETITION_DECIDED: "决定办理机关",
    E.PETITION_ANSWERED: "作出书面答复",
    E.PETITION_DELIVERED: "送达登记",
    E.PETITION_REVIEW_ASKED: "申请复查、复核",
    E.PETITION_HEARD: "举行听证",
    E.PETITION_LEADER_NAMED: "领导包案",
}


def receipt_view(receipt: Receipt) -> dict[str, Any]:
    return {
        "report_id": receipt.report_id,
        "case_id": receipt.case_id,
        "joined": receipt.joined,
        "tracking_code": receipt.tracking_code,
        "state": receipt.state,
        "kind": receipt.kind,
        "category": receipt.category,
        "area": _area(receipt.area),
        "unit": {"id": receipt.unit_id, "name": receipt.unit_name},
        "due_at": _time(receipt.due_at),
        "policy_version": receipt.policy_version,
    }


def case_view(case: Case, policy: Policy, now: datetime, seen: Links | None = None) -> dict[str, Any]:
    """`policy`: the version that the case goes by. `seen`: how it hangs together with others that the asker may see."""
    return {
        "case_id": case.id,
        "version": case.version,
        "tracking_code": case.tracking_code,
        "state": case.state,
        "turn": case.turn,
        "procedure": case.procedure,
        "kind": case.kind,
        "category": case.category,
        "urgency": case.urgency,
        "level": case.level,
        "area": _area(case.area),
        "unit": _unit(case.unit, policy),
        "lead_unit": _unit(case.lead, policy) if case.lead else None,
        "joint_units": [_unit(unit, policy) for unit in case.joint_units],
        "joint": [{**_unit(joint.unit, policy), "state": joint.state} for joint in case.joints],
        "due_at": _time(case.due_at),
        "policy_version": case.policy_version,
        "rule": case.rule,
        "reports": list(case.report_ids),
        "clocks": [_clock(clock) for clock in case.clocks],
        "extension": {"clock": asked.clock, "until": _time(asked.until), "approver": _unit(asked.approver, policy)}
        if (asked := case.extension)
        else None,
        "visits": [
            {
                "visit_id": visit.id,
                "attempt": visit.attempt,
                "state": visit.state,
                "due_at": _time(visit.due_at),
                "outcome": visit.outcome,
            }
            for visit in case.visits
        ],
        "mediation": _mediation(case.mediation) if case.mediation else None,
        "invited": [each._asdict() for each in case.invited],
        "petition": _petition(case.petition) if case.petition else None,
        "allowed_actions": list(allowed_actions(case, policy, now, offers=bool(seen and seen.offers))),
        "outcome": case.outcome,
        "links": _links(case, seen) if seen else None,
        "opened_at": _time(case.opened_at),
        "updated_at": _time(case.updated_at),
    }


def _mediation(mediation: Mediation) -> dict[str, Any]:
    return {
        "attempt": mediation.attempt,
        "state": mediation.state,
        "docking": mediation.docking,
        "applied_by": mediation.applied_by,
        "consents": list(mediation.consents),
        "sessions": mediation.sessions,
        "form": mediation.form,
        "number": mediation.number,
        "effective_on": mediation.effective_on,
        "perform_on": mediation.perform_on,
        "confirmation": mediation.confirmation,
        "court": mediation.court,
        "other_ways": list(mediation.other_ways),
    }


def _links(case: Case, seen: Links) -> dict[str, Any]:
    from chalicelib.domain.matter_words import in_words

    offers = [{"case_id": each.case, "score": each.score, "why": [*map(in_words, each.why)]} for each in seen.offers]
    return {
        "merged": case.asleep,
        "merged_into": seen.merged_into,
        "absorbed": [
            {"case_id": each.case, "tracking_code": each.tracking_code, "reports": list(each.report_ids)}
            for each in seen.absorbed
        ],
        "parent": seen.parent,
        "children": list(seen.children),
        "offers": offers,
        "apart": list(seen.apart),
    }


def _petition(petition: Petition) -> dict[str, Any]:
    return {
        "people": petition.people,
        "representatives": petition.representatives,
        "named": petition.named,
        "accused": list(petition.accused),
        "way": petition.way,
        "card": petition.card,
        "level": petition.level,
        "opinions": [each._asdict() for each in petition.opinions],
        "hearings": list(petition.hearings),
        "leader": petition.leader,
        "ground": petition.ground,
        "earlier": petition.earlier,
        "decider": petition.decider,
    }


def _clock(clock: Clock) -> dict[str, Any]:
    return {
        "name": clock.name,
        "state": clock.state,
        "window": clock.window,
        "started_at": _time(clock.started_at),
        "due_at": _time(clock.due_at),
        "provisional": clock.provisional,
        "ended_at": _time(clock.ended_at),
        "paused_at": _time(clock.paused_at),
        "step": clock.step,
        "extended": clock.extended,
    }


def event_view(event: CaseEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "time": _time(event.time),
        "version": event.version,
        "actor": {"id": event.actor.id, "role": event.actor.role, "unit": event.actor.unit},
        "policy_version": event.policy_version,
        "data": dict(event.data),
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "what_zh": _WHAT_ZH[event.type],
    }


def summary_view(item: CaseSummary, policy: Policy) -> dict[str, Any]:
    return {
        "case_id": item.case_id,
        "version": item.version,
        "tracking_code": item.tracking_code,
        "state": item.state,
        "kind": item.kind,
        "category": item.category,
        "urgency": item.urgency,
        "turn": item.turn,
        "level": item.level,
        "area": _area(item.area),
        "unit": _unit(item.unit, policy),
        "task": item.task.what if item.task else "handle" if item.turn in ("desk", "lead") else None,
        "due_at": _time(item.due_at),
        "opened_at": _time(item.opened_at),
        "updated_at": _time(item.updated_at),
    }


def visit_view(item: CaseSummary) -> dict[str, Any]:
    visit = item.visit
    assert visit is not None
    return {
        "visit_id": visit.id,
        "case_id": item.case_id,
        "tracking_code": item.tracking_code,
        "category": item.category,
        "area": _area(item.area),
        "state": visit.state,
        "attempt": visit.attempt,
        "due_at": _time(visit.due_at),
        "version": item.version,
    }


def report_view(known: KnownReport, shown: Masked) -> dict[str, Any]:
    report = known.report
    position = report.position
    return {
        "report_id": report.id,
        "case_id": known.case_id,
        "tracking_code": known.tracking_code,
        "joined": known.joined,
        "source": report.source,
        "source_type": report.source_type,
        "message_id": report.message_id,
        "conflict_of": report.conflict_of,
        "text": report.text,
        "category": report.category,
        "urgency": report.urgency,
        "position": {"lat": position.lat, "lon": position.lon, "datum": "WGS-84"} if position else None,
        "position_as_sent": position.sent._asdict() if position and position.sent else None,
        "area": report.area_code,
        "address": report.address,
        "media": list(report.media),
        "told_at": report.told_at.isoformat(),
        "received_at": _time(report.received_at),
        "reporter": {
            "anonymous": known.anonymous,
            "contactable": known.contactable,
            "name": shown.name,
            "phone": shown.phone,
            "erased_at": _time(known.erased_at),
        },
    }


def released_view(released: Released) -> dict[str, Any]:
    return {
        "report_id": released.report_id,
        "case_id": released.case_id,
        "reporter": released.reporter.in_clear,
    }


def erased_view(erased: Erased) -> dict[str, Any]:
    return {"person": erased.person, "reports": list(erased.reports), "open_cases": list(erased.open_cases)}


def entry_view(entry: Entry) -> dict[str, Any]:
    return {
        "at": _time(entry.at),
        "what": entry.what,
        "reader": entry.reader,
        "role": entry.role,
        "unit": entry.unit,
        "source": entry.source,
        "request": entry.request,
        "outcome": entry.outcome,
        "case_id": entry.case,
        "report_id": entry.report,
        "thing": entry.thing,
        "person": entry.person,
        "reason": entry.reason,
    }


def public_view(case: PublicCase) -> dict[str, Any]:
    return {
        "tracking_code": case.tracking_code,
        "state": case.state,
        "kind": case.kind,
        "category": case.category,
        "community": case.community,
        "updated_at": _time(case.updated_at),
        "steps": [{"at": _time(step.at), "what": step.what} for step in case.steps],
    }


def upload_view(attachment_id: str, form: UploadForm) -> dict[str, Any]:
    return {
        "attachment_id": attachment_id,
        "url": form.url,
        "fields": dict(form.fields),
        "expires_at": _time(form.expires_at),
    }


def import_form_view(import_id: str, form: UploadForm) -> dict[str, Any]:
    return {"import_id": import_id, "url": form.url, "fields": dict(form.fields), "expires_at": _time(form.expires_at)}


def import_view(found: Import) -> dict[str, Any]:
    return {"import_id": found.id, "state": found.state, "at": found.at, "plan": dict(found.plan)}


def attachment_view(attachment: Attachment, url: str | None) -> dict[str, Any]:
    return {"attachment_id": attachment.id, "state": attachment.state, "reason": attachment.reason, "url": url}


def area_view(area: Area, day: str) -> dict[str, Any]:
    """An area as it stood on a day."""
    return {"code": area.code, "level": area.level, "path": list(area.path), "on": day}


def _area(area: Area | None) -> dict[str, Any] | None:
    return {"code": area.code, "path": list(area.path)} if area else None


def _unit(unit_id: str, policy: Policy) -> dict[str, str]:
    unit = policy.units.get(unit_id)
    return {"id": unit_id, "name": unit.zh if unit else unit_id}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
