"""What jobs cost their keys: units reserved when a job is accepted, and given back when it ends.

A unit is one URL. It comes from the month's quota first, then from the prepaid balance, and goes back to
where it came from. Two tariffs: Runo (and whatever names none) charges each URL that was started or has a
row, Spidra and Aitronos only those that succeeded.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from runo_spiders.errors import RunoError, UsageMistake
from runo_spiders.store.conflicts import upsert
from runo_spiders.store.records import Dialect
from runo_spiders.store.tables import charges, jobs, keys, months, rows, urls

FREE_FAILURES: frozenset[Dialect] = frozenset({"spidra", "aitronos"})


class QuotaExceeded(RunoError):
    """The month's quota and the prepaid balance do not suffice."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key may still spend: of the month's quota (None: without limit), and of its balance."""

    quota: int | None
    prepaid: int

    def split(self, units: int) -> tuple[int, int]:
        """How much comes from the quota and how much from the balance. Raises `QuotaExceeded`."""
        of_quota = units if self.quota is None else min(units, self.quota)
        if units - of_quota > self.prepaid:
            raise QuotaExceeded(f"{units} units are asked for, {(self.quota or 0) + self.prepaid} are left")
        return of_quota, units - of_quota


def month_of(moment: float) -> str:
    """The month in UTC, as `2026-11`."""
    return time.strftime("%Y-%m", time.gmtime(moment))


def allowance(connection: Connection, key: str, *, lock: bool = False) -> Allowance:
    """What a key may still spend this month; with `lock` nobody else may spend until the transaction ends."""
    query = select(keys.c.per_month, keys.c.balance).where(keys.c.id == key)
    found = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        return Allowance(None, 0)
    quota = None if found.per_month is None else max(0, found.per_month - used(connection, key))
    return Allowance(quota, found.balance or 0)


def used(connection: Connection, key: str) -> int:
    """Units of this month."""
    month = month_of(time.time())
    query = select(months.c.used).where(months.c.key == key, months.c.month == month)
    return int(connection.scalar(query) or 0)


def reserve(connection: Connection, job: str, round_: int, key: str, units: int) -> None:
    """Take units for a round of a job. Raises `QuotaExceeded`."""
    of_quota, prepaid = allowance(connection, key, lock=True).split(units)
    now = time.time()
    entry = {"job": job, "round": round_, "kind": "reserved", "key": key, "month": month_of(now), "at": now}
    connection.execute(insert(charges).values(**entry, quota_units=of_quota, prepaid_units=prepaid))
    _move(connection, key, month_of(now), of_quota, prepaid)


def top_up(connection: Connection, entry: str, key: str, units: int) -> int:
    """Add prepaid units to a key; its new balance. The same entry again adds nothing."""
    now = time.time()
    line = upsert(connection, charges).values(
        job=entry,
        round=0,
        kind="top-up",
        key=key,
        month=month_of(now),
        quota_units=0,
        prepaid_units=-units,
        at=now,
    )
    if connection.execute(line.on_conflict_do_nothing().returning(charges.c.job)).first():
        added = func.coalesce(keys.c.balance, 0) + units
        connection.execute(update(keys).where(keys.c.id == key).values(balance=added))
    balance = connection.scalar(select(keys.c.balance).where(keys.c.id == key))
    if balance is None:
        raise UsageMistake(f"there is no key {key!r}")
    return int(balance)


def settle(connection: Connection, job: str) -> int:
    """Give back what a job's round did not use; what it did use. Doing it again changes nothing."""
    head = connection.execute(select(jobs.c.round, jobs.c.dialect).where(jobs.c.id == job)).one()
    spent = units_used(connection, job, head.round, head.dialect)
    mine = and_(charges.c.job == job, charges.c.round == head.round)
    taken = connection.execute(select(charges).where(mine, charges.c.kind == "reserved")).one_or_none()
    if taken is None:
        return spent
    back = max(0, taken.quota_units + taken.prepaid_units - spent)
    # The balance was touched last, so it is filled first.
    prepaid = min(back, taken.prepaid_units)
    entry = {"job": job, "round": head.round, "kind": "refunded", "key": taken.key, "month": taken.month}
    line = insert(charges).values(**entry, quota_units=prepaid - back, prepaid_units=-prepaid, at=time.time())
    if connection.scalar(select(charges.c.key).where(mine, charges.c.kind == "refunded")) is None:
        connection.execute(line)
        _move(connection, taken.key, taken.month, prepaid - back, -prepaid)
    return spent


def units_used(connection: Connection, job: str, round_: int, dialect: Dialect) -> int:
    """The URLs that a round is charged for, counted from their rows."""
    of_round = and_(urls.c.job == job, urls.c.round == round_, urls.c.idx >= 0)
    joined = urls.outerjoin(rows, and_(rows.c.job == urls.c.job, rows.c.idx == urls.c.idx))
    succeeded = rows.c.outcome.in_(("success", "empty"))
    touched = or_(urls.c.attempt > 0, rows.c.outcome != "JOB_CANCELLED")
    counts = succeeded if dialect in FREE_FAILURES else touched
    return int(connection.scalar(select(func.count()).select_from(joined).where(of_round, counts)) or 0)


def _move(connection: Connection, key: str, month: str, of_quota: int, prepaid: int) -> None:
    """Take units from a key, or give them back where they are negative."""
    line = upsert(connection, months).values(key=key, month=month, used=of_quota)
    line = line.on_conflict_do_update(
        index_elements=["key", "month"], set_={"used": months.c.used + line.excluded.used}
    )
    connection.execute(line)
    if prepaid:
        connection.execute(update(keys).where(keys.c.id == key).values(balance=keys.c.balance - prepaid))
