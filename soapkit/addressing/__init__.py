"""WS-Addressing 1.0 (2005/08: Core, SOAP Binding, Metadata) and its submission of 2004/08, as a SOAP module.

    editions      what the two call things
    properties    header blocks → message addressing properties
    problems      the predefined faults
    actions       which Action an operation's messages have, by its WSDL
    writing       properties → header blocks
    partners      when two addresses are the same
    module        the module itself: reads, checks, answers
    later         a request whose answer goes elsewhere: how it is kept, run and answered later

Decided where the specifications leave it open: the address in ``To`` is not compared with ours (proxies rewrite both),
only that it is there once and is not ``none``. A refusal of the message itself is always answered on the connection it
came over: nothing that has not been validated and authorised makes this side connect anywhere, or store anything.
"""

from soapkit.addressing.editions import EDITIONS, SUBMISSION, W3C, Edition
from soapkit.addressing.later import Answer, Answering, Deferred, DuplicateMessageId, Replies
from soapkit.addressing.module import Addressing
from soapkit.addressing.partners import endpoint, same_address

__all__ = [
    "EDITIONS",
    "SUBMISSION",
    "W3C",
    "Addressing",
    "Answer",
    "Answering",
    "Deferred",
    "DuplicateMessageId",
    "Edition",
    "Replies",
    "endpoint",
    "same_address",
]
