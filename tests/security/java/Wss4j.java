import java.io.File;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.ws.security.WSConstants;
import org.apache.ws.security.WSEncryptionPart;
import org.apache.ws.security.WSSecurityEngine;
import org.apache.ws.security.WSSecurityEngineResult;
import org.apache.ws.security.components.crypto.Crypto;
import org.apache.ws.security.components.crypto.CryptoFactory;
import org.apache.ws.security.message.WSSecHeader;
import org.apache.ws.security.message.WSSecSignature;
import org.apache.ws.security.message.WSSecTimestamp;
import org.apache.ws.security.message.WSSecUsernameToken;
import org.w3c.dom.Document;

/**
 * Apache WSS4J as a partner has it. "secure ENVELOPE KEYSTORE DIRECTORY" writes the envelope, secured in four ways;
 * "verify ENVELOPE KEYSTORE" checks a signed one, and prints how many parts its signature covers.
 */
public final class Wss4j {
    private static final String PASSWORD = "correct horse";
    private static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";

    public static void main(String[] arguments) throws Exception {
        WSSecurityEngine engine = new WSSecurityEngine();
        Crypto crypto = crypto(arguments[2]);
        if (arguments[0].equals("verify")) {
            List<WSSecurityEngineResult> results =
                engine.processSecurityHeader(read(arguments[1]), null, null, crypto);
            for (WSSecurityEngineResult result : results) {
                if (Integer.valueOf(WSConstants.SIGN).equals(result.get(WSSecurityEngineResult.TAG_ACTION))) {
                    List<?> parts = (List<?>) result.get(WSSecurityEngineResult.TAG_DATA_REF_URIS);
                    System.out.println("signed parts: " + parts.size());
                }
            }
            return;
        }
        for (String way : new String[] {"text", "digest", "signature", "both"}) {
            Document document = read(arguments[1]);
            secure(document, way, crypto);
            File file = new File(arguments[3], way + ".xml");
            TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(file));
        }
    }

    private static void secure(Document document, String way, Crypto crypto) throws Exception {
        WSSecHeader header = new WSSecHeader();
        header.insertSecurityHeader(document);
        List<WSEncryptionPart> parts = new ArrayList<WSEncryptionPart>();
        parts.add(new WSEncryptionPart("Body", SOAP, "Element"));
        if (!way.equals("signature")) {
            WSSecUsernameToken token = new WSSecUsernameToken();
            token.setPasswordType(way.equals("digest") ? WSConstants.PASSWORD_DIGEST : WSConstants.PASSWORD_TEXT);
            token.setUserInfo("osm", PASSWORD);
            token.build(document, header);
            parts.add(new WSEncryptionPart("UsernameToken", WSConstants.WSSE_NS, "Element"));
        }
        if (way.equals("signature") || way.equals("both")) {
            WSSecTimestamp timestamp = new WSSecTimestamp();
            timestamp.setTimeToLive(300);
            timestamp.build(document, header);
            parts.add(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, "Element"));
            WSSecSignature signature = new WSSecSignature();
            signature.setUserInfo("partner", PASSWORD);
            signature.setKeyIdentifierType(WSConstants.BST_DIRECT_REFERENCE);
            signature.setSignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
            signature.setDigestAlgo("http://www.w3.org/2001/04/xmlenc#sha256");
            signature.setParts(parts);
            signature.build(document, crypto, header);
        }
    }

    private static Crypto crypto(String keystore) throws Exception {
        String prefix = "org.apache.ws.security.crypto.";
        Properties settings = new Properties();
        settings.setProperty(prefix + "provider", "org.apache.ws.security.components.crypto.Merlin");
        settings.setProperty(prefix + "merlin.keystore.type", "pkcs12");
        settings.setProperty(prefix + "merlin.keystore.password", PASSWORD);
        settings.setProperty(prefix + "merlin.keystore.file", keystore);
        return CryptoFactory.getInstance(settings);
    }

    private static Document read(String file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(new java.io.ByteArrayInputStream(Files.readAllBytes(new File(file).toPath())));
    }
}
