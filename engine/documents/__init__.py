"""Files as the office keeps them: marks of secrets, workbooks, PDF/A, the index of a case file. No case, no database."""
