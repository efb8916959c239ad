import com.siebel.customui.CutAccountPtRpc;
import com.siebel.customui.CutAccountRpc;
import com.siebel.customui.OptionalListOfCutSampleAccountIoArgument;
import com.siebel.customui.SiebelFault;
import com.siebel.xml.cut_20sample_20account_20io.Account;
import com.siebel.xml.cut_20sample_20account_20io.ListOfCutSampleAccountIo;
import com.siebel.xml.cut_20sample_20account_20io.ListOfCutSampleAccountIoTopElmt;
import java.net.URL;
import javax.xml.ws.Holder;

/** Calls the rpc/literal twin of a service by the stubs that wsimport makes: an object both ways, a fault, one way. */
public class RpcTwinPartner {
    public static void main(String[] arguments) throws Exception {
        CutAccountPtRpc port = new CutAccountRpc(new URL(arguments[0])).getCutAccountPortRpc();
        Holder<String> id = new Holder<>("1-A");
        Holder<String> error = new Holder<>();
        Holder<OptionalListOfCutSampleAccountIoArgument> found = new Holder<>();
        port.cutGetAccountData(id, "Y", error, found);
        System.out.println("got\t" + found.value.getListOfCutSampleAccountIo().getAccount().get(0).getName());

        Holder<ListOfCutSampleAccountIoTopElmt> message = new Holder<>(accounts("Ben", "Cy"));
        int received = port.cutReceiveAccountData(message, "");
        System.out.println("received\t" + received);
        for (Account account : message.value.getListOfCutSampleAccountIo().getAccount()) {
            System.out.println("account\t" + account.getName());
        }
        port.cutSendAccountData("1-A", "");
        try {
            port.cutGetAccountData(new Holder<>("9-9"), "", error, found);
        } catch (SiebelFault fault) {
            System.out.println("fault\t" + fault.getFaultInfo().getErrorstack().getError().get(0).getErrorcode());
        }
    }

    private static ListOfCutSampleAccountIoTopElmt accounts(String... names) {
        ListOfCutSampleAccountIo list = new ListOfCutSampleAccountIo();
        for (String name : names) {
            Account account = new Account();
            account.setName(name);
            list.getAccount().add(account);
        }
        ListOfCutSampleAccountIoTopElmt message = new ListOfCutSampleAccountIoTopElmt();
        message.setListOfCutSampleAccountIo(list);
        return message;
    }
}
