"""How far each WARC file is in the database. Set in the transaction that stores what was read."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.batch import execute_in
from storage.tables import WarcFile


def find_position(session: Session, name: str) -> int:
    """Every record of this file before this byte is stored; 0 for a file that is not known."""
    row = session.get(WarcFile, name)
    return row.loaded_bytes if row else 0


def store_position(session: Session, name: str, position: int, cut_at: int | None = None) -> None:
    """Note how far a file was loaded, and where an incomplete last record starts."""
    row = session.get(WarcFile, name)
    if row is None:
        session.add(WarcFile(name=name, loaded_bytes=position, cut_at=cut_at))
        return
    # A slower reader of the same file never sets it back.
    if position >= row.loaded_bytes:
        row.loaded_bytes, row.cut_at = position, cut_at


def list_positions(session: Session, names: Collection[str] | None = None) -> dict[str, int]:
    """File name -> position, for every known file; with names given, only for those of them that are known."""
    positions = select(WarcFile.name, WarcFile.loaded_bytes)
    if names is None:
        return dict(session.execute(positions.order_by(WarcFile.name)).tuples().all())
    return {row[0]: row[1] for row in execute_in(session, positions, WarcFile.name, set(names))}
