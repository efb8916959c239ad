"""WS-Security 1.0 (OASIS 200401) and its neighbours: who calls, and whether the message is what they wrote.

``security.Security`` is the module for a site, ``siebel.SiebelSession`` the one for Siebel's own header scheme,
``basic.guard`` protects plain pages, ``credentials.Credentials`` is what a client proves itself with. Knows no product
and no database: users, replays and guesses are ports.
"""
