"""Tests on a real PostgreSQL, with HTTP in process."""
