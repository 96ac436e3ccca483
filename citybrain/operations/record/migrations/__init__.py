"""Migrations of the record's tables, run by :func:`citybrain.operations.record.database.open_database`."""
