"""Jobs of programs: none of its own; the worker learns here how invitations to sit are accepted."""

import certification.programs.invitations  # noqa: F401  registers how
