package io.tenantdb.operator;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the operator runs, from its environment. The variables are public API:
 *
 * <table>
 * <caption>Environment variables</caption>
 * <tr><td>{@code TENANTDB_WATCH_NAMESPACES}</td><td>{@code all} (default), {@code own}, or names
 *     separated by commas</td></tr>
 * <tr><td>{@code TENANTDB_NAMESPACE}</td><td>the operator's own namespace; needed for {@code own}
 *     and for leader election</td></tr>
 * <tr><td>{@code TENANTDB_LABEL_SELECTOR}</td><td>only resources with these labels; default all
 *     </td></tr>
 * <tr><td>{@code TENANTDB_WATCH_REFERENCES}</td><td>{@code true} (default): watch Secrets and
 *     ConfigMaps, so that a rotated password is noticed at once; {@code false}: read them at each
 *     interval, which needs neither list nor watch</td></tr>
 * <tr><td>{@code TENANTDB_REQUIRE_SECRET_LABEL}</td><td>{@code true}: credentials come only from
 *     Secrets with the label {@code tenantdb.io/credentials: "true"}; default {@code false}</td></tr>
 * <tr><td>{@code TENANTDB_LISTEN}</td><td>address and port of probes and metrics; default {@code
 *     0.0.0.0:8080}</td></tr>
 * <tr><td>{@code TENANTDB_LEADER_ELECTION}</td><td>{@code true} where more than one replica runs;
 *     default {@code false}</td></tr>
 * <tr><td>{@code TENANTDB_LEASE_NAME}</td><td>default {@code tenantdb-operator}</td></tr>
 * <tr><td>{@code TENANTDB_IDENTITY}</td><td>names this process in lease and events; default {@code
 *     HOSTNAME}</td></tr>
 * <tr><td>{@code TENANTDB_SHUTDOWN_GRACE}</td><td>how long running statements may take to end,
 *     below the pod's termination grace period; default {@code 25s}</td></tr>
 * <tr><td>{@code TENANTDB_LIVENESS_GRACE}</td><td>how long an informer may not watch before the
 *     process counts as dead; default {@code 2m}</td></tr>
 * <tr><td>{@code TENANTDB_LOG_LEVEL}, {@code TENANTDB_LOG_FORMAT}</td><td>read by logback.xml:
 *     default {@code INFO}, and {@code text} or {@code json}</td></tr>
 * </table>
 *
 * No variable ends in {@code _PORT} or {@code _HOST}: Kubernetes sets such ones for Services of
 * like names.
 *
 * @param namespaces what to watch; empty: all namespaces
 * @param namespace the operator's own
 * @param selector label selector of the resources
 * @param watchReferences whether Secrets and ConfigMaps are watched
 * @param requireSecretLabel whether every Secret of credentials must bear the label of consent
 * @param listen address of probes and metrics
 * @param leaderElection whether a lease decides who acts
 * @param leaseName name of the lease, in the operator's own namespace
 * @param identity of this process
 * @param shutdownGrace how long running statements may take to end
 * @param livenessGrace how long an informer may not watch
 */
public record OperatorConfig(
    Set<String> namespaces,
    Optional<String> namespace,
    Optional<String> selector,
    boolean watchReferences,
    boolean requireSecretLabel,
    InetSocketAddress listen,
    boolean leaderElection,
    String leaseName,
    String identity,
    Duration shutdownGrace,
    Duration livenessGrace) {

  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,6})(s|m)");
  private static final Pattern LISTEN = Pattern.compile("(.*):([0-9]{1,5})");

  public OperatorConfig {
    namespaces = Set.copyOf(namespaces);
  }

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException with a sentence for each variable that cannot be read
   */
  public static OperatorConfig from(Map<String, String> environment) {
    return new Reader(environment).read();
  }

  private static final class Reader {
    private final Map<String, String> environment;
    private final List<String> problems = new ArrayList<>();

    Reader(Map<String, String> environment) {
      this.environment = environment;
    }

    OperatorConfig read() {
      Optional<String> own = text("TENANTDB_NAMESPACE");
      boolean election = flag("TENANTDB_LEADER_ELECTION", false);
      OperatorConfig config =
          new OperatorConfig(
              namespaces(own),
              own,
              text("TENANTDB_LABEL_SELECTOR"),
              flag("TENANTDB_WATCH_REFERENCES", true),
              flag("TENANTDB_REQUIRE_SECRET_LABEL", false),
              listen(),
              election,
              text("TENANTDB_LEASE_NAME").orElse("tenantdb-operator"),
              text("TENANTDB_IDENTITY").or(() -> text("HOSTNAME")).orElse("tenantdb-operator"),
              duration("TENANTDB_SHUTDOWN_GRACE", Duration.ofSeconds(25)),
              duration("TENANTDB_LIVENESS_GRACE", Duration.ofMinutes(2)));
      if (election && own.isEmpty()) {
        problems.add(
            "TENANTDB_LEADER_ELECTION needs TENANTDB_NAMESPACE, where the lease is; set it from"
                + " metadata.namespace of the pod.");
      }
      if (election && text("TENANTDB_IDENTITY").or(() -> text("HOSTNAME")).isEmpty()) {
        problems.add(
            "TENANTDB_LEADER_ELECTION needs TENANTDB_IDENTITY or HOSTNAME; no two replicas may"
                + " share a name.");
      }
      if (!problems.isEmpty()) {
        throw new IllegalArgumentException(String.join(" ", problems));
      }
      return config;
    }

    private Set<String> namespaces(Optional<String> own) {
      String value = text("TENANTDB_WATCH_NAMESPACES").orElse("all");
      if (value.equals("all")) {
        return Set.of();
      }
      if (value.equals("own")) {
        if (own.isEmpty()) {
          problems.add(
              "TENANTDB_WATCH_NAMESPACES is own, which needs TENANTDB_NAMESPACE; set it from"
                  + " metadata.namespace of the pod.");
        }
        return own.map(Set::of).orElseGet(Set::of);
      }
      Set<String> names = new TreeSet<>();
      for (String part : value.split(",", -1)) {
        String name = part.strip();
        if (!LABEL.matcher(name).matches()) {
          problems.add(
              "TENANTDB_WATCH_NAMESPACES must be all, own, or names of namespaces separated by"
                  + " commas; \""
                  + name
                  + "\" is no such name.");
        }
        names.add(name);
      }
      return names;
    }

    private InetSocketAddress listen() {
      String value = text("TENANTDB_LISTEN").orElse("0.0.0.0:8080");
      Matcher parts = LISTEN.matcher(value);
      if (parts.matches() && Integer.parseInt(parts.group(2)) <= 65535) {
        InetSocketAddress address =
            parts.group(1).isEmpty()
                ? new InetSocketAddress(Integer.parseInt(parts.group(2)))
                : new InetSocketAddress(parts.group(1), Integer.parseInt(parts.group(2)));
        if (!address.isUnresolved()) {
          return address;
        }
      }
      problems.add(
          "TENANTDB_LISTEN must be an address and a port, for example 0.0.0.0:8080; it is \""
              + value
              + "\".");
      return new InetSocketAddress(0);
    }

    private boolean flag(String name, boolean absent) {
      Optional<String> value = text(name);
      if (value.filter(text -> !text.equals("true") && !text.equals("false")).isPresent()) {
        problems.add(name + " must be true or false; it is \"" + value.get() + "\".");
      }
      return value.map(Boolean::parseBoolean).orElse(absent);
    }

    private Duration duration(String name, Duration absent) {
      Optional<String> value = text(name);
      if (value.isEmpty()) {
        return absent;
      }
      Matcher parts = DURATION.matcher(value.get());
      if (!parts.matches()) {
        problems.add(
            name
                + " must be whole seconds or minutes, for example 25s or 2m; it is \""
                + value.get()
                + "\".");
        return absent;
      }
      long count = Long.parseLong(parts.group(1));
      return parts.group(2).equals("s") ? Duration.ofSeconds(count) : Duration.ofMinutes(count);
    }

    private Optional<String> text(String name) {
      return Optional.ofNullable(environment.get(name))
          .map(String::strip)
          .filter(value -> !value.isEmpty());
    }
  }
}
