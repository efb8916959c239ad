import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** The directory through which a partner is told what to do, and tells what came of it (tests/interop/script.py). */
final class Script {
    /** One call; {@code answer} and {@code fault} are elements in Clark notation, or empty. */
    record Call(String name, String service, String operation, String answer, String fault, String version) {}

    /** A service and the URL of its WSDL. */
    record Service(String name, String wsdl) {}

    private static final String WSSE =
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

    private final Path path;

    Script(String path) {
        this.path = Path.of(path);
    }

    List<Service> services() throws IOException {
        return rows("services.tsv").map(row -> new Service(row[0], row[1])).collect(Collectors.toList());
    }

    List<Call> calls() throws IOException {
        return rows("calls.tsv").map(row -> new Call(row[0], row[1], row[2], row[3], row[4], row[5]))
                .collect(Collectors.toList());
    }

    /** Namespaces of which Axis makes no package that compiles, each with one that does. */
    Map<String, String> packages() throws IOException {
        return rows("packages.tsv").collect(Collectors.toMap(row -> row[0], row -> row[1]));
    }

    Path message(Call call) {
        return path.resolve("messages").resolve(call.name() + ".xml");
    }

    /** The header block that goes along, or null. */
    Path header(Call call) {
        Path header = path.resolve("messages").resolve(call.name() + ".header.xml");
        return Files.exists(header) ? header : null;
    }

    Path typed(Call call) {
        return path.resolve("typed").resolve(call.name() + ".xml");
    }

    /** A UsernameToken with the password as text, which neither Java toolkit has of its own; null where none is asked for. */
    Element credentials() throws Exception {
        if (!Files.exists(path.resolve("credentials.tsv"))) {
            return null;
        }
        String[] known = rows("credentials.tsv").findFirst().orElseThrow();
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        Document document = factory.newDocumentBuilder().newDocument();
        Element security = document.createElementNS(WSSE, "wsse:Security");
        Element token = (Element) security.appendChild(document.createElementNS(WSSE, "wsse:UsernameToken"));
        token.appendChild(document.createElementNS(WSSE, "wsse:Username")).setTextContent(known[0]);
        token.appendChild(document.createElementNS(WSSE, "wsse:Password")).setTextContent(known[1]);
        return security;
    }

    /** The contract as it were if it declared SOAP 1.2, or null where nobody asks for it. */
    URL inSoap12(Service service) throws IOException {
        Path copy = path.resolve("soap12").resolve(service.name() + ".wsdl");
        return Files.exists(copy) ? copy.toUri().toURL() : null;
    }

    /** A new directory for what is made of a service. */
    Path directory(String kind, Service service) throws IOException {
        return Files.createDirectories(path.resolve(kind).resolve(service.name()));
    }

    synchronized void tell(String... fact) {
        String line = Stream.of(fact).map(field -> field.replaceAll("\\s+", " ").trim()).collect(Collectors.joining("\t"));
        try {
            Files.writeString(path.resolve("facts.tsv"), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Compiles all sources below a directory, prints what the compiler has to say, and loads what it made. */
    static Classes compile(Path sources, Path classes, String... ignored) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
        List<Path> files = below(sources, ".java");
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(said, Locale.ENGLISH, StandardCharsets.UTF_8)) {
            List<String> options = List.of("-proc:none", "-d", classes.toString());
            compiler.getTask(null, manager, said, options, null, manager.getJavaFileObjectsFromPaths(files)).call();
        }
        for (Diagnostic<?> each : said.getDiagnostics()) {
            if (!List.of(ignored).contains(each.getCode())) {
                System.out.println(each);
            }
        }
        return Classes.in(classes);
    }

    /** Classes that were compiled, by a loader of their own: services share names of classes. */
    record Classes(URLClassLoader loader, List<Class<?>> all) {
        static Classes in(Path directory) throws IOException {
            URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()});
            List<Class<?>> all = below(directory, ".class").stream()
                    .map(file -> named(loader, directory.relativize(file).toString())).collect(Collectors.toList());
            return new Classes(loader, all);
        }

        private static Class<?> named(ClassLoader loader, String file) {
            try {
                return Class.forName(file.replace(".class", "").replace('/', '.'), true, loader);
            } catch (ClassNotFoundException error) {
                throw new IllegalStateException(error);
            }
        }
    }

    private static List<Path> below(Path directory, String suffix) throws IOException {
        try (Stream<Path> found = Files.walk(directory)) {
            return found.filter(file -> file.toString().endsWith(suffix)).sorted().collect(Collectors.toList());
        }
    }

    private Stream<String[]> rows(String name) throws IOException {
        return Files.readAllLines(path.resolve(name)).stream().map(line -> line.split("\t", -1));
    }
}
