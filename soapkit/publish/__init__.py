"""Shows contracts: documents for toolkits, pages for people, example messages for both."""

from soapkit.publish.documents import Publisher, listing_html, listing_json

__all__ = ["Publisher", "listing_html", "listing_json"]
