"""A contract (WSDL and XSD files) becomes a SOAP server and a SOAP client. Knows no product."""
