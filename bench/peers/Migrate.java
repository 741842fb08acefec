import org.flywaydb.core.Flyway;

/** What an app does that migrates at its start, and nothing else. */
public class Migrate {
  public static void main(String[] args) {
    Flyway.configure().envVars().load().migrate();
  }
}
