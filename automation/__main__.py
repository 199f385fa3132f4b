"""`python -m automation`: the same as `automation`."""

from automation.cli.app import main

main()
