import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.context.WebServerPortFileWriter;

// Platform starts the modules of an Egeria OMAG Server Platform on the class path. Maven Central has no
// chassis that starts them.
@SpringBootApplication(scanBasePackages = "org.odpi.openmetadata")
public class Platform {
    public static void main(String[] args) {
        SpringApplication platform = new SpringApplication(Platform.class);
        platform.addListeners(new WebServerPortFileWriter()); // the system picks the port, PORTFILE has it
        platform.run(args);
    }
}
