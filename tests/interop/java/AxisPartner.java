import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import javax.xml.namespace.QName;
import org.apache.axis.AxisFault;
import org.apache.axis.Message;
import org.apache.axis.MessageContext;
import org.apache.axis.client.Call;
import org.apache.axis.client.Stub;
import org.apache.axis.description.FieldDesc;
import org.apache.axis.description.TypeDesc;
import org.apache.axis.encoding.AnyContentType;
import org.apache.axis.encoding.SerializationContext;
import org.apache.axis.encoding.SimpleType;
import org.apache.axis.message.SOAPHeaderElement;
import org.apache.axis.transport.http.HTTPConstants;
import org.apache.axis.wsdl.toJava.Emitter;
import org.xml.sax.helpers.AttributesImpl;

/** A partner on Axis 1.4: generates and compiles stubs as WSDL2Java does, and makes the calls of a script with them. */
public final class AxisPartner {
    private static final String ENVELOPE =
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>%s</e:Body></e:Envelope>";

    private final Script script;
    private final Map<String, Stub> stubs = new HashMap<>();

    private AxisPartner(Script script) {
        this.script = script;
    }

    public static void main(String[] arguments) throws Exception {
        Script script = new Script(arguments[0]);
        AxisPartner partner = new AxisPartner(script);
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
        Emitter emitter = new Emitter();
        emitter.setWrapArrays(true); // option -w: a type that holds one list is a class like any other
        emitter.setNamespaceMap(new HashMap<>(script.packages())); // option -N
        emitter.setOutputDir(sources.toString());
        emitter.run(service.wsdl());
        // Axis writes for Java 1.4: what it makes of any contract uses lists of no type
        String[] ignored = {"compiler.note.unchecked.plural", "compiler.note.unchecked.recompile",
            "compiler.note.unchecked.filename"};
        Script.Classes classes = Script.compile(sources, script.directory("classes", service), ignored);
        for (Class<?> each : classes.all()) {
            tellMembers(service, each);
        }
        Class<?> locator = classes.all().stream()
                .filter(each -> org.apache.axis.client.Service.class.isAssignableFrom(each)).findFirst().orElseThrow();
        Method port = Arrays.stream(locator.getMethods())
                .filter(each -> java.rmi.Remote.class.isAssignableFrom(each.getReturnType()) && each.getParameterCount() == 0)
                .findFirst().orElseThrow();
        stubs.put(service.name(), (Stub) port.invoke(locator.getConstructor().newInstance()));
        script.tell("generated", service.name());
    }

    // ---- calls

    private void call(Script.Call call) throws Exception {
        Stub stub = stubs.get(call.service());
        Class<?> type = Arrays.stream(stub.getClass().getInterfaces())
                .filter(java.rmi.Remote.class::isAssignableFrom).findFirst().orElseThrow();
        Method method = Arrays.stream(type.getMethods())
                .filter(each -> each.getName().equalsIgnoreCase(call.operation())).findFirst().orElseThrow();
        Thread.currentThread().setContextClassLoader(type.getClassLoader());
        stub._setProperty(HTTPConstants.REQUEST_HEADERS, new Hashtable<>(Map.of("X-Correlation-Id", call.name())));
        stub.clearHeaders();
        if (script.header(call) != null) {
            stub.setHeader(new SOAPHeaderElement(parsed(stub, Files.readString(script.header(call))).getAsDOM()));
        }
        if (script.credentials() != null) {
            stub.setHeader(new SOAPHeaderElement(script.credentials()));
        }
        Object message = parsed(stub, Files.readString(script.message(call))).getObjectValue(method.getParameterTypes()[0]);
        Object answer = method.invoke(stub, message);
        if (call.answer().isEmpty()) {
            script.tell("accepted", call.name());
            return;
        }
        write(stub, call, call.answer(), answer);
        script.tell("answer", call.name());
    }

    /** Parses an element as the body of a message, so that Axis reads it with the types of the stub. */
    private static org.apache.axis.message.MessageElement parsed(Stub stub, String xml) throws Exception {
        String element = xml.replaceFirst("^<\\?xml.*?\\?>", "");
        Message message = new Message(String.format(ENVELOPE, element));
        message.setMessageContext(context(stub));
        return message.getSOAPEnvelope().getFirstBody();
    }

    private static MessageContext context(Stub stub) throws Exception {
        Method create = stub.getClass().getDeclaredMethod("createCall");
        create.setAccessible(true);
        MessageContext context = ((Call) create.invoke(stub)).getMessageContext();
        context.setEncodingStyle(""); // literal, as the stub's own calls are
        return context;
    }

    private void told(Script.Call call, Throwable thrown) throws Exception {
        if (thrown.getClass() == AxisFault.class || !(thrown instanceof AxisFault)) {
            script.tell("error", call.name(), thrown.toString());
            return;
        }
        write(stubs.get(call.service()), call, call.fault(), thrown);
        script.tell("fault", call.name(), thrown.getClass().getSimpleName());
    }

    private void write(Stub stub, Script.Call call, String element, Object typed) throws Exception {
        StringWriter writer = new StringWriter();
        SerializationContext context = new SerializationContext(writer, context(stub));
        context.setSendDecl(false);
        context.setDoMultiRefs(false);
        QName type = TypeDesc.getTypeDescForClass(typed.getClass()).getXmlType();
        context.serialize(QName.valueOf(element), new AttributesImpl(), typed, type, Boolean.FALSE, Boolean.FALSE);
        Files.writeString(script.typed(call), writer.toString());
    }

    // ---- what the classes are like

    private void tellMembers(Script.Service service, Class<?> type) throws Exception {
        TypeDesc described = TypeDesc.getTypeDescForClass(type);
        if (described == null) {
            return;
        }
        String named = described.getXmlType().toString();
        if (AnyContentType.class.isAssignableFrom(type)) {
            script.tell("member", service.name(), named, "*", "many", "optional");
        }
        FieldDesc[] fields = described.getFields() == null ? new FieldDesc[0] : described.getFields();
        for (FieldDesc field : fields) {
            if (field.getFieldName().equals("_value") && SimpleType.class.isAssignableFrom(type)) {
                continue;
            }
            Class<?> property = type.getDeclaredField(field.getFieldName()).getType();
            String many = property.isArray() && property != byte[].class ? "many" : "one";
            String optional = property.isPrimitive() || field.isElement() && !field.isMinOccursZero() ? "required" : "optional";
            script.tell("member", service.name(), named, field.getXmlName().getLocalPart(), many, optional);
        }
    }
}
