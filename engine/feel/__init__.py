"""FEEL, the expression language of DMN 1.5: parsed once, compiled to closures, reaching data only."""
