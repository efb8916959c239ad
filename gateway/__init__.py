"""The gateway: SOAP services, queues and transactions between Siebel CRM and Oracle BRM."""
