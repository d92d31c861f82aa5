"""What each view shows, as plain data: one module a view, pure functions from query rows to frozen models.

Neither a terminal library nor the database is known here, so the dashboard, the text, JSON and
Markdown views and the tests all look at the same values.
"""
