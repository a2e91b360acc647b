"""What every layer above uses: checks of arguments, cancellation, files of SQLite and matplotlib."""
