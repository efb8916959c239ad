"""A simulator of Oracle BRM: opcodes over SOAP, stateful, transactional. Shares only soapkit with the gateway."""
