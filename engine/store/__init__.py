"""Every SQL statement. A function takes a connection inside somebody's transaction and never commits.

Reads return rows or small values; rules live elsewhere. Statements work on SQLite and on PostgreSQL.
"""
