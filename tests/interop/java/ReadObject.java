import com.oracle.xmlns.brm.schemas.businessopcodes.ReadObjInput;
import com.oracle.xmlns.brm.services.brmbaseservices_v2.BRMBaseServicesV2;
import com.oracle.xmlns.brm.services.brmbaseservices_v2.ErrorBuffer;
import java.net.URL;
import org.w3c.dom.Element;

/** ReadObject WSDL-URL POID: reads an object of BRM and prints its fields, or what the typed error buffer says. */
public final class ReadObject {
    public static void main(String[] arguments) throws Exception {
        ReadObjInput input = new ReadObjInput();
        input.setPOID(arguments[1]);
        try {
            BRMBaseServicesV2 service = new BRMBaseServicesV2(new URL(arguments[0]));
            for (Element field : service.getBRMBaseServicesV2Pt().pcmOpReadObj(0, input).getAny()) {
                say(field.getLocalName(), field.getTextContent());
            }
        } catch (ErrorBuffer error) {
            say("location", error.getFaultInfo().getLocation().getValue());
            say("class", error.getFaultInfo().getClazz().getValue());
            say("errno", error.getFaultInfo().getErrno().getValue());
            say("number", String.valueOf(error.getFaultInfo().getErrno().getNumber()));
            say("field", error.getFaultInfo().getField());
        }
    }

    private static void say(String name, String value) {
        System.out.println(name + "\t" + value);
    }
}
