"""DMN: decision models read from XML and evaluated with FEEL."""
