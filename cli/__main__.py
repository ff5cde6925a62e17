"""`python -m cli` is `broadsheet`, also where no script was installed."""

from cli.main import run

run()
