"""The `broadsheet` command: parse arguments, call the other packages, print the result. No logic belongs here."""
