"""The Pydantic models that the other packages exchange, and the settings.

Nothing here reads a file (except `.env`), a network or a database, or imports another package of the project:
every other package may import this one.
"""
