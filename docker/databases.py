"""The databases of a deployment: the archive's and Prefect's, each with a role that owns it and nothing else.

Done at each start: a password that was changed in `.env` is changed here too, and an empty archive gets its tables.
"""

import os
from contextlib import suppress

import psycopg
from psycopg import Connection, sql

from storage.engine import SchemaOutdated, open_database

PASSWORDS = {"broadsheet": "PGPASSWORD", "prefect": "PREFECT_SERVER_DATABASE_PASSWORD"}
"""Role, and database of its own -> the variable that has its password, as libpq and Prefect's server know it."""


def make_role(connection: Connection, name: str, password: str) -> None:
    """A role that may log in with this password."""
    role = sql.Identifier(name)
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))


def make_database(connection: Connection, name: str) -> None:
    """The role's database, into which no other role gets."""
    if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
        connection.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(name)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def main() -> None:
    """Make what is not there yet."""
    owner = psycopg.connect(host="postgres", user="postgres", password=os.environ["POSTGRES_PASSWORD"], autocommit=True)
    with owner as connection:
        for name, variable in PASSWORDS.items():
            make_role(connection, name, os.environ[variable])
            make_database(connection, name)
    with suppress(SchemaOutdated):  # `broadsheet migrate` comes next
        open_database(os.environ["BROADSHEET_DATABASE_URL"]).close()


if __name__ == "__main__":
    main()
