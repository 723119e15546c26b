"""Facts of a build and of a deploy, as a page, as tables, as one line each.

Nothing here changes a record or asks AWS.
"""
