"""Writes `docs/permissions.md`, who may what by every route: `python -m infra.permissions`."""

from __future__ import annotations

from collections.abc import Sequence

from infra.permission_rules import (
    ALLOWED,
    EMPTY,
    HIDDEN,
    REFUSED,
    Matter,
    Role,
    Route,
    cells,
    matters,
    outcome,
    places,
    roles,
    routes,
)
from infra.settings import ROOT

DOCUMENT = ROOT / "docs" / "permissions.md"
_SIGNS = {ALLOWED: "✓", HIDDEN: "○", REFUSED: "✗", EMPTY: "□"}
_OPEN = {
    "anybody": "任何人 anybody",
    "form": "页面给出的表单 a form that the page gave",
    "secret": "地址中的密钥 a secret in the address",
    "signature": "签名 a signature",
}


def main() -> None:
    DOCUMENT.write_text(document(), "utf-8")


def document() -> str:
    """`docs/permissions.md`."""
    closed = [route for route in routes() if not route.open]
    by_matter = [
        (f"{matter.zh} {matter.en}", [route for route in closed if matter.id in route.matters], matter)
        for matter in matters().values()
    ]
    plain = [route for route in closed if not route.matters]
    parts = [
        _section(title, listed, matter) for title, listed, matter in (("与事件无关 No case", plain, None), *by_matter)
    ]
    where = "\n".join(f"{number}. {place.zh}" for number, place in enumerate(places(), start=1))
    held = "\n".join(
        f"| {role.zh} {role.id} | {role.scope} | {', '.join(sorted(role.kinds)) or '全部 all'} "
        f"| {'是 yes' if role.confidential else '否 no'} | {', '.join(sorted(role.permissions))} |"
        for role in roles().values()
    )
    open_to = "\n".join(f"| {route.zh} | `{route.route}` | {_OPEN[route.open]} |" for route in routes() if route.open)
    return _DOCUMENT.format(
        cells=f"{len(list(cells())):,}", where=where, held=held, open_to=open_to, parts="\n".join(parts)
    )


def _section(title: str, listed: Sequence[Route], matter: Matter | None) -> str:
    names = [f"{role.zh}<br>{role.id}" for role in roles().values()]
    lines = [f"## {title}\n", f"| | {' | '.join(names)} |", f"|---|{':-:|' * len(names)}"]
    for route in listed:
        signs = (_signs(route, role, matter) for role in roles().values())
        lines.append(f"| {route.zh}<br>`{route.name}` | {' | '.join(signs)} |")
    return "\n".join(lines) + "\n"


def _signs(route: Route, role: Role, matter: Matter | None) -> str:
    """A sign for each place, in three groups; one for all where all are alike."""
    signs = "".join(_SIGNS[outcome(route, role, matter, place)] for place in places())
    return signs[0] if len(set(signs)) == 1 else f"{signs[:3]} {signs[3:6]} {signs[6:]}"


_DOCUMENT = """\
# 权限 Permissions

由 `python -m infra.permissions` 生成，请勿手改。Written by `python -m infra.permissions` from the policy pack
(`roles.toml`, `procedures/`) and from [contract/permissions.yaml](contract/permissions.yaml), which says what each
route needs; do not edit. `tests/integration/test_permissions.py` asks the application for each of the {cells} cells.

| 符号 sign | |
|---|---|
| ✓ | 允许；列表中有该事件 allowed; a list has the case |
| ○ | 对其不存在 (404) hidden: it does not exist for the asker |
| ✗ | 拒绝 (403) refused |
| □ | 列表可看，但其中没有该事件 the list may be read, and the case is not in it |

一格一个符号：在任何位置结果都相同。否则依次为：One sign in a cell: the same from everywhere. Otherwise, in this order:

{where}

轮到的单位 the unit whose turn it is: the lead unit 主办单位, or the desk that screens 甄别单位. 区域 the areas that
somebody answers for.

## 角色 Roles

| 角色 role | 可见范围 scope | 类别 kinds | 保密事项 confidential | 权限 permissions |
|---|---|---|---|---|
{held}

## 无需令牌 Without a token

| | 接口 route | 凭证 by |
|---|---|---|
{open_to}

{parts}"""


if __name__ == "__main__":
    main()
