"""Tests: unit (no database), integration (real PostgreSQL), e2e (real server, real browser)."""
