"""The DMN Technology Compatibility Kit, run from the folder that DMN_TCK names."""
