"""What a record is: Pydantic models that travel between the rooms, and the settings.

Nothing here reads a file, a network or a database, and nothing of ours is imported:
every other room may import this one.
"""
