package io.tenantdb.testing;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Stands between a client and a PostgreSQL server, keeps a record of what was carried out, and
 * breaks one connection at a chosen moment. Reads the frontend/backend protocol, version 3; without
 * TLS.
 */
public final class FaultProxy implements AutoCloseable {

  /** Type and length. */
  private static final int HEADER = 5;

  /** Where the round trip ends that the statements before it belong to. */
  private static final String END = "\0";

  private final ServerSocket listening;
  private final String host;
  private final int port;
  private final List<Session> sessions = new CopyOnWriteArrayList<>();
  private final Queue<Done> done = new ConcurrentLinkedQueue<>();
  private volatile Optional<Fault> fault = Optional.empty();
  private volatile boolean struck;

  /** When a fault strikes. */
  public enum Moment {
    /** The statement is on its way to the server, and nobody will hear its answer. */
    SENT,
    /** The server has carried it out, and the client is not told. */
    DONE
  }

  /**
   * A statement that was carried out.
   *
   * @param session the connection, counted from 0 in the order of their opening
   * @param nth its number among the connection's statements, from 0
   * @param sql its text
   */
  public record Done(int session, int nth, String sql) {}

  /**
   * What is broken.
   *
   * @param action runs while the client waits; then the connection is cut
   */
  public record Fault(int session, int nth, Moment moment, Runnable action) {}

  private FaultProxy(ServerSocket listening, String host, int port) {
    this.listening = listening;
    this.host = host;
    this.port = port;
  }

  /** Stands before a server. */
  public static FaultProxy before(String host, int port) {
    try {
      ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      FaultProxy proxy = new FaultProxy(listening, host, port);
      daemon("accept", proxy::accept);
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where clients connect to, on 127.0.0.1. */
  public int port() {
    return listening.getLocalPort();
  }

  /** What was carried out so far, on all connections. */
  public List<Done> done() {
    return List.copyOf(done);
  }

  /** Has a fault strike. */
  public void plan(Fault planned) {
    fault = Optional.of(planned);
  }

  /** True once the fault has struck. */
  public boolean struck() {
    return struck;
  }

  private void accept() {
    int count = 0;
    try {
      while (true) {
        Socket client = listening.accept();
        Session session = new Session(count++, client, new Socket(host, port));
        session.open();
        sessions.add(session);
        daemon("to-server", session::toServer);
        daemon("to-client", session::toClient);
      }
    } catch (IOException closed) {
      sessions.forEach(Session::cut);
    }
  }

  private static void daemon(String name, Runnable work) {
    Thread thread = new Thread(work, "fault-proxy-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listening.close();
    sessions.forEach(Session::cut);
  }

  /** One connection. */
  private final class Session {
    private final int number;
    private final Socket client;
    private final Socket server;
    private final Queue<String> running = new ConcurrentLinkedQueue<>();
    private int sent;
    private int carriedOut;

    Session(int number, Socket client, Socket server) {
      this.number = number;
      this.client = client;
      this.server = server;
    }

    private void open() throws IOException {
      // Small messages by themselves would each wait for the one before to be acknowledged.
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
    }

    void toServer() {
      try (DataInputStream in = new DataInputStream(client.getInputStream())) {
        OutputStream out = server.getOutputStream();
        // The start-up packet has no type.
        int length = in.readInt();
        byte[] startup = in.readNBytes(length - 4);
        out.write(ByteBuffer.allocate(length).putInt(length).put(startup).array());
        out.flush();
        String text = "";
        while (true) {
          byte type = in.readByte();
          byte[] body = in.readNBytes(in.readInt() - 4);
          if (type == 'Q') {
            text = string(body, 0);
          } else if (type == 'P') {
            int name = string(body, 0).getBytes(StandardCharsets.UTF_8).length;
            text = string(body, name + 1);
          }
          boolean statement = type == 'Q' || type == 'E';
          int nth = -1;
          if (statement) {
            nth = add(text);
          }
          if (type == 'Q' || type == 'S') {
            running.add(END);
          }
          out.write(message(type, body));
          out.flush();
          if (statement && strikes(nth, Moment.SENT)) {
            strike();
          }
        }
      } catch (IOException over) {
        cut();
      }
    }

    void toClient() {
      try (DataInputStream in = new DataInputStream(server.getInputStream())) {
        OutputStream out = client.getOutputStream();
        while (true) {
          byte type = in.readByte();
          byte[] body = in.readNBytes(in.readInt() - 4);
          if (type == 'C') {
            int nth = carriedOut++;
            done.add(new Done(number, nth, taken()));
            if (strikes(nth, Moment.DONE)) {
              strike();
            }
          }
          if (type == 'Z') {
            // What stood behind an error in the same round trip was skipped.
            skipRest();
          }
          out.write(message(type, body));
          out.flush();
        }
      } catch (IOException over) {
        cut();
      }
    }

    private void skipRest() {
      String skipped = running.poll();
      while (skipped != null && !skipped.equals(END)) {
        skipped = running.poll();
      }
    }

    private int add(String text) {
      running.add(text);
      return sent++;
    }

    private String taken() {
      String text = running.peek();
      return text == null || text.equals(END) ? "" : running.remove();
    }

    private boolean strikes(int nth, Moment moment) {
      return fault
          .filter(f -> f.session() == number && f.nth() == nth && f.moment() == moment)
          .isPresent();
    }

    private void strike() throws IOException {
      fault.orElseThrow().action().run();
      struck = true;
      throw new IOException("struck");
    }

    void cut() {
      close(client);
      close(server);
    }

    private void close(Socket socket) {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private byte[] message(byte type, byte[] body) {
      return ByteBuffer.allocate(HEADER + body.length)
          .put(type)
          .putInt(body.length + 4)
          .put(body)
          .array();
    }

    private String string(byte[] body, int from) {
      int end = from;
      while (body[end] != 0) {
        end++;
      }
      return new String(body, from, end - from, StandardCharsets.UTF_8);
    }
  }
}
