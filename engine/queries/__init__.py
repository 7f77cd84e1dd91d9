"""Everything that a screen or a register shows."""
