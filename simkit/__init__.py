"""What simulators share: control API, clock, faults, journal, snapshots. Knows no product."""
