"""BPMN: load, check, rewrite, parse, compile, execute, migrate.

The only package that meets SpiffWorkflow and lxml. It knows neither database nor web.
"""
