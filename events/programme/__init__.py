"""Sessions, speakers and the schedule: what happens in which room at what time."""
