"""`python -m longplay` is the command `longplay`."""

from longplay.cli import main

main()
