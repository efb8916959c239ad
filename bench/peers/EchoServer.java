import com.oracle.xmlns.enterpriseobjects.core.ebo.fulfillmentorder.v1.ProcessFulfillmentOrderBillingEBMType;
import com.sun.xml.ws.developer.SchemaValidation;
import gateway.o2c.bench.echo.EchoPortType;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import javax.jws.WebService;
import javax.xml.namespace.QName;
import javax.xml.transform.Source;
import javax.xml.transform.stream.StreamSource;
import javax.xml.ws.Endpoint;
import javax.xml.ws.Holder;

/** The echo on JAX-WS RI, validated in and out by its own SchemaValidation: EchoServer PORT THREADS WSDL XSD … */
public final class EchoServer {
    private static final String NAMESPACE = "urn:o2c-gateway:bench:echo";

    @WebService(
            endpointInterface = "gateway.o2c.bench.echo.EchoPortType",
            targetNamespace = NAMESPACE,
            serviceName = "Echo",
            portName = "EchoPort")
    @SchemaValidation
    public static final class Echo implements EchoPortType {
        @Override
        public void echo(Holder<ProcessFulfillmentOrderBillingEBMType> order) {
            // what came in is what goes out
        }
    }

    public static void main(String[] arguments) {
        Endpoint endpoint = Endpoint.create(new Echo());
        endpoint.setExecutor(Executors.newFixedThreadPool(Integer.parseInt(arguments[1])));
        List<Source> documents = new ArrayList<>();
        for (int i = 2; i < arguments.length; i++) {
            documents.add(new StreamSource(new File(arguments[i]).toURI().toString()));
        }
        endpoint.setMetadata(documents);
        endpoint.setProperties(Map.of(
                Endpoint.WSDL_SERVICE, new QName(NAMESPACE, "Echo"), Endpoint.WSDL_PORT, new QName(NAMESPACE, "EchoPort")));
        endpoint.publish("http://127.0.0.1:" + arguments[0] + "/echo");
    }
}
