"""The steps from an empty database to today's tables, the oldest first.

Each is a module with `revision`, `down_revision` and `upgrade()`, as Alembic has them. They are imported, not
read from a folder, so that they work from a zipped egg too.
"""

REVISIONS = ("r0001_ledger",)
NEWEST = "0001"
VERSION_TABLE = "runo_version"
