"""A BRM as a back office: accounts and phone numbers are kept in step with it, by what both sides have now.

Messages about changes, from either side, are no more than hints; each makes both sides be read, and merged with the
last state in which they were equal.
"""
