import com.sun.tools.ws.wscompile.WsimportTool;
import java.io.File;

/**
 * What the command wsimport does, for many WSDLs in one JVM: GenerateStubs DIRECTORY GROUP=URL … writes the sources of each
 * service below DIRECTORY/GROUP. What the tool says about a URL is printed after a line "## URL".
 */
public final class GenerateStubs {
    public static void main(String[] arguments) {
        boolean done = true;
        for (int i = 1; i < arguments.length; i++) {
            String[] named = arguments[i].split("=", 2);
            File directory = new File(arguments[0], named[0]);
            directory.mkdirs();
            System.out.println("## " + named[1]);
            String[] options = {"-Xnocompile", "-keep", "-s", directory.getPath(), "-d", directory.getPath(), named[1]};
            done &= new WsimportTool(System.out).run(options);
        }
        System.exit(done ? 0 : 1);
    }
}
