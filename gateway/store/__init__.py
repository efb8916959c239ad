"""SQL lives here, and only here: tables, queues, cross-references, ledgers, the unit of work."""
