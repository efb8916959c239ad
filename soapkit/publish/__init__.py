"""Shows contracts: documents for toolkits, pages for people, example messages for both."""

from soapkit.publish.addresses import Addresses, Network, network
from soapkit.publish.site import Guard, IndexPages, Publishing, ServicePages

__all__ = ["Addresses", "Guard", "IndexPages", "Network", "Publishing", "ServicePages", "network"]
