import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.context.WebServerPortFileWriter;

// Platform starts whatever modules of an Egeria OMAG Server Platform are on the class path: Maven Central has no chassis to start them with.
@SpringBootApplication(scanBasePackages = "org.odpi.openmetadata")
public class Platform {
    public static void main(String[] args) {
        SpringApplication platform = new SpringApplication(Platform.class);
        platform.addListeners(new WebServerPortFileWriter()); // the system picks the port, PORTFILE says which
        platform.run(args);
    }
}
