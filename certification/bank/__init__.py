"""Items and their versions.

Owns what an item says and what is right (`content`), how its texts are shown (`prompts`), and how items come in from
and go out to GIFT files (`gift`). An item version is immutable once used; a change is a new version.
Nothing that leaves through `content.public_view` holds a key, a score or feedback.
"""
