"""The tables of the ledger. What stands here is what the migrations make; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner", String, nullable=False),
    Column("key", String),
    Column("dialect", String, nullable=False),
    Column("endpoint", String, nullable=False),
    Column("project", String, nullable=False),
    Column("spider", String, nullable=False),
    Column("spec", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("state", String, nullable=False),
    Column("ending", String),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("cancel_asked", Boolean, nullable=False, default=False),
    Column("total", Integer),
    Column("succeeded", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("item_count", Integer, nullable=False, default=0),
    Column("round", Integer, nullable=False, default=0),
    Column("starts", Integer, nullable=False, default=0),
    Column("token", Integer, nullable=False, default=0),
    # The newest of the batches that the holder of the token wrote.
    Column("batch", Integer, nullable=False, default=0),
    Column("worker", String),
    # Seconds of the clock of leases, and the boot in which that clock runs (empty: the server's own).
    Column("lease_until", Float),
    Column("lease_boot", String),
    Column("reserved", Integer, nullable=False, default=0),
    Column("charged", Integer, nullable=False, default=0),
    Column("idempotency_key", String),
    Column("digest", String, nullable=False, default=""),
    UniqueConstraint("owner", "idempotency_key"),
    Index("jobs_by_owner", "owner", "id"),
    Index("jobs_by_owner_and_state", "owner", "state", "id"),
    Index("jobs_by_state", "state", "id"),
)

# An index below 0 is a page that a crawl only walks through: it has no place among the rows.
urls = Table(
    "urls",
    metadata,
    Column("job", String(36), primary_key=True),
    Column("idx", Integer, primary_key=True, autoincrement=False),
    Column("url", Text, nullable=False),
    Column("extra", Text),
    Column("key", BigInteger, nullable=False),
    Column("hops", Integer, nullable=False, default=0),
    Column("attempt", Integer, nullable=False, default=0),
    Column("round", Integer, nullable=False, default=0),
    Index("urls_by_key", "job", "key"),
    sqlite_with_rowid=False,
)
# Few URLs are started more than once; those that may be poison are found without reading the others.
Index(
    "urls_started_again",
    urls.c.job,
    urls.c.idx,
    sqlite_where=urls.c.attempt > 1,
    postgresql_where=urls.c.attempt > 1,
)

rows = Table(
    "rows",
    metadata,
    Column("job", String(36), primary_key=True),
    Column("idx", Integer, primary_key=True, autoincrement=False),
    Column("outcome", String, nullable=False),
    Column("item_count", Integer, nullable=False),
    Column("row", Text, nullable=False),
    sqlite_with_rowid=False,
)

facts = Table(
    "facts",
    metadata,
    Column("job", String(36), primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

keys = Table(
    "keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("schema", Text),
    Column("operator", Boolean, nullable=False, default=False),
    Column("per_minute", Integer),
    Column("per_month", Integer),
    # Prepaid units that are left, used when the month's are gone; None: there is no such balance.
    Column("balance", Integer),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("revoked_at", Float),
    Column("last_used_at", Float),
)

# One line for what a round of a job reserved, from the month or the balance; negative for what it gave back
# when it was settled. A top-up of a balance stands here too, under an id of its own.
charges = Table(
    "charges",
    metadata,
    Column("job", String(36), primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, primary_key=True),  # reserved, refunded, top-up
    Column("key", String, nullable=False),
    Column("month", String(7), nullable=False),
    Column("quota_units", Integer, nullable=False),
    Column("prepaid_units", Integer, nullable=False),
    Column("at", Float, nullable=False),
    sqlite_with_rowid=False,
)

months = Table(
    "months",
    metadata,
    Column("key", String, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("used", Integer, nullable=False),
    sqlite_with_rowid=False,
)
