"""The CUT workflows: data of Siebel's objects, read, sent and received.

Workflows and objects are tables (``workflows``, ``objects``); what they do are the steps they share: ``get``, ``send``,
``receive``, ``delivery``.
"""
