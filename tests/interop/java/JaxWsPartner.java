import com.sun.tools.ws.wscompile.WsimportTool;
import com.sun.xml.ws.api.message.Headers;
import com.sun.xml.ws.developer.WSBindingProvider;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.jws.Oneway;
import javax.jws.WebMethod;
import javax.jws.WebParam;
import javax.jws.WebResult;
import javax.xml.bind.JAXBContext;
import javax.xml.bind.JAXBElement;
import javax.xml.bind.annotation.XmlAnyElement;
import javax.xml.bind.annotation.XmlAttribute;
import javax.xml.bind.annotation.XmlElement;
import javax.xml.bind.annotation.XmlSchema;
import javax.xml.bind.annotation.XmlType;
import javax.xml.bind.annotation.XmlValue;
import javax.xml.namespace.QName;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.stream.StreamSource;
import javax.xml.ws.RequestWrapper;
import javax.xml.ws.ResponseWrapper;
import javax.xml.ws.WebEndpoint;
import javax.xml.ws.WebFault;
import javax.xml.ws.WebServiceClient;
import javax.xml.ws.handler.MessageContext;
import org.w3c.dom.Document;

/** A partner on JAX-WS: generates and compiles stubs as wsimport does, and makes the calls of a script with them. */
public final class JaxWsPartner {
    private static final String DEFAULT = "##default";

    /** All that wsimport prints when it is content. */
    private static final List<String> PROGRESS = List.of("", "parsing WSDL...", "Generating code...");

    private final Script script;
    private final Map<String, Stub> stubs = new HashMap<>();
    private final DocumentBuilder documents;

    /** What was generated for a service, ready to be called. */
    private record Stub(JAXBContext context, Class<?> endpoint, Object port, Object portOfSoap12) {}

    private JaxWsPartner(Script script) throws ParserConfigurationException {
        this.script = script;
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        this.documents = factory.newDocumentBuilder();
    }

    public static void main(String[] arguments) throws Exception {
        Script script = new Script(arguments[0]);
        JaxWsPartner partner = new JaxWsPartner(script);
        for (Script.Service service : script.services()) {
            partner.generate(service);
        }
        for (Script.Call call : script.calls()) {
            try {
                partner.call(call);
            } catch (InvocationTargetException thrown) {
                partner.told(call, thrown.getCause());
            } catch (Exception error) {
                script.tell("error", call.name(), error.toString());
            }
        }
    }

    private void generate(Script.Service service) throws Exception {
        Path sources = script.directory("sources", service);
        Path made = script.directory("classes", service);
        String[] options = {"-Xnocompile", "-keep", "-s", sources.toString(), "-d", made.toString(), service.wsdl()};
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        boolean done = new WsimportTool(said).run(options);
        said.toString(StandardCharsets.UTF_8).lines().filter(line -> !PROGRESS.contains(line.trim()))
                .forEach(System.out::println);
        if (!done) {
            return;
        }
        Script.Classes classes = Script.compile(sources, made);
        for (Class<?> each : classes.all()) {
            tellMembers(service, each);
        }
        stubs.put(service.name(), stub(service, classes));
        script.tell("generated", service.name());
    }

    private Stub stub(Script.Service service, Script.Classes classes) throws Exception {
        Thread.currentThread().setContextClassLoader(classes.loader());
        Class<?>[] factories = classes.all().stream()
                .filter(each -> each.getSimpleName().equals("ObjectFactory")).toArray(Class<?>[]::new);
        Class<?> client = classes.all().stream()
                .filter(each -> each.isAnnotationPresent(WebServiceClient.class)).findFirst().orElseThrow();
        Constructor<?> constructor = client.getConstructor(URL.class);
        Object made = constructor.newInstance(new URL(service.wsdl()));
        Method endpoint = Arrays.stream(client.getMethods())
                .filter(each -> each.isAnnotationPresent(WebEndpoint.class) && each.getParameterCount() == 0)
                .findFirst().orElseThrow();
        return new Stub(JAXBContext.newInstance(factories), endpoint.getReturnType(), endpoint.invoke(made),
                script.inSoap12(service) == null ? null : endpoint.invoke(constructor.newInstance(script.inSoap12(service))));
    }

    // ---- calls

    private void call(Script.Call call) throws Exception {
        Stub stub = stubs.get(call.service());
        Method method = Arrays.stream(stub.endpoint().getMethods())
                .filter(each -> named(each).equals(call.operation())).findFirst().orElseThrow();
        Object port = call.version().equals("1.1") ? stub.port() : stub.portOfSoap12();
        WSBindingProvider provider = (WSBindingProvider) port;
        Map<String, List<String>> http = Map.of("X-Correlation-Id", List.of(call.name()));
        provider.getRequestContext().put(MessageContext.HTTP_REQUEST_HEADERS, http);
        provider.setOutboundHeaders(List.of());
        if (script.header(call) != null) {
            Object typed = stub.context().createUnmarshaller().unmarshal(script.header(call).toFile());
            Document written = documents.newDocument();
            stub.context().createMarshaller().marshal(typed, written);
            provider.setOutboundHeaders(List.of(Headers.create(written.getDocumentElement())));
        }
        if (script.credentials() != null) {
            provider.setOutboundHeaders(List.of(Headers.create(script.credentials())));
        }
        Object answer = method.invoke(port, arguments(stub, method, script.message(call)));
        if (method.isAnnotationPresent(Oneway.class)) {
            script.tell("accepted", call.name());
            return;
        }
        write(stub, call, call.answer(), wrapped(method, answer));
        script.tell("answer", call.name());
    }

    private static String named(Method method) {
        WebMethod said = method.getAnnotation(WebMethod.class);
        return said == null || said.operationName().isEmpty() ? method.getName() : said.operationName();
    }

    /** Reads the message into the classes of the parameters: one for the whole body, or one for each element in it. */
    private static Object[] arguments(Stub stub, Method method, Path message) throws Exception {
        RequestWrapper wrapper = method.getAnnotation(RequestWrapper.class);
        StreamSource source = new StreamSource(message.toFile());
        if (wrapper == null) {
            return new Object[] {stub.context().createUnmarshaller().unmarshal(source, method.getParameterTypes()[0]).getValue()};
        }
        Class<?> bean = Class.forName(wrapper.className(), true, stub.endpoint().getClassLoader());
        Object read = stub.context().createUnmarshaller().unmarshal(source, bean).getValue();
        Object[] arguments = new Object[method.getParameterCount()];
        Parameter[] parameters = method.getParameters();
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = member(bean, parameters[i].getAnnotation(WebParam.class).name()).get(read);
        }
        return arguments;
    }

    private static Object wrapped(Method method, Object answer) throws Exception {
        ResponseWrapper wrapper = method.getAnnotation(ResponseWrapper.class);
        if (wrapper == null) {
            return answer;
        }
        Class<?> bean = Class.forName(wrapper.className(), true, method.getDeclaringClass().getClassLoader());
        Object made = bean.getConstructor().newInstance();
        member(bean, method.getAnnotation(WebResult.class).name()).set(made, answer);
        return made;
    }

    private void told(Script.Call call, Throwable thrown) throws Exception {
        WebFault fault = thrown.getClass().getAnnotation(WebFault.class);
        if (fault == null) {
            script.tell("error", call.name(), thrown.toString());
            return;
        }
        Object detail = thrown.getClass().getMethod("getFaultInfo").invoke(thrown);
        write(stubs.get(call.service()), call, "{" + fault.targetNamespace() + "}" + fault.name(), detail);
        script.tell("fault", call.name(), thrown.getClass().getSimpleName());
    }

    private <T> void write(Stub stub, Script.Call call, String element, T typed) throws Exception {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) typed.getClass();
        JAXBElement<T> root = new JAXBElement<>(QName.valueOf(element), type, typed);
        stub.context().createMarshaller().marshal(root, script.typed(call).toFile());
    }

    // ---- what the classes are like

    private void tellMembers(Script.Service service, Class<?> type) throws IOException {
        XmlType said = type.getAnnotation(XmlType.class);
        if (said == null || type.isEnum()) {
            return;
        }
        XmlSchema schema = type.getPackage().getAnnotation(XmlSchema.class);
        String namespace = said.namespace().equals(DEFAULT) ? schema.namespace() : said.namespace();
        for (Field field : type.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) || field.isAnnotationPresent(XmlValue.class)) {
                continue;
            }
            String many = field.getType() == List.class ? "many" : "one";
            String optional = field.getType().isPrimitive() || required(field) ? "required" : "optional";
            script.tell("member", service.name(), "{" + namespace + "}" + said.name(), named(field), many, optional);
        }
    }

    private static boolean required(Field field) {
        XmlElement element = field.getAnnotation(XmlElement.class);
        XmlAttribute attribute = field.getAnnotation(XmlAttribute.class);
        return element != null && element.required() || attribute != null && attribute.required();
    }

    private static String named(Field field) {
        XmlElement element = field.getAnnotation(XmlElement.class);
        XmlAttribute attribute = field.getAnnotation(XmlAttribute.class);
        String said = element != null ? element.name() : attribute != null ? attribute.name() : DEFAULT;
        if (field.isAnnotationPresent(XmlAnyElement.class)) {
            return "*";
        }
        return said.equals(DEFAULT) ? field.getName() : said;
    }

    private static Field member(Class<?> bean, String name) {
        Field found = Arrays.stream(bean.getDeclaredFields()).filter(each -> named(each).equals(name)).findFirst().orElseThrow();
        found.setAccessible(true);
        return found;
    }
}
