package io.tenantdb.database;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Says that it is PostgreSQL, asks for a password in its own way, and writes down what it gets. */
final class FalseServer implements AutoCloseable {

  private static final int SSL_REQUEST = 80877103;

  private final ServerSocket door;
  private final byte[] question;
  private final Queue<String> heard = new ConcurrentLinkedQueue<>();

  private FalseServer(byte... question) throws IOException {
    this.question = question;
    this.door = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "false-server");
    thread.setDaemon(true);
    thread.start();
  }

  /** AuthenticationCleartextPassword. */
  static FalseServer askingForClearText() throws IOException {
    return new FalseServer((byte) 0, (byte) 0, (byte) 0, (byte) 3);
  }

  /** AuthenticationMD5Password, with a salt. */
  static FalseServer askingForMd5() throws IOException {
    return new FalseServer(
        (byte) 0, (byte) 0, (byte) 0, (byte) 5, (byte) 1, (byte) 2, (byte) 3, (byte) 4);
  }

  int port() {
    return door.getLocalPort();
  }

  /** What clients said after the question. */
  String heard() {
    return String.join("|", heard);
  }

  private void serve() {
    while (!door.isClosed()) {
      try (Socket client = door.accept();
          DataInputStream in = new DataInputStream(client.getInputStream());
          DataOutputStream out = new DataOutputStream(client.getOutputStream())) {
        client.setSoTimeout(5_000);
        if (startUp(in) == SSL_REQUEST) {
          out.writeByte('N');
          startUp(in);
        }
        out.writeByte('R');
        out.writeInt(4 + question.length);
        out.write(question);
        out.flush();
        byte[] answer = new byte[500];
        int length = in.read(answer);
        heard.add(new String(answer, 0, Math.max(0, length), StandardCharsets.ISO_8859_1));
      } catch (IOException gone) {
        // The next one.
      }
    }
  }

  private static int startUp(DataInputStream in) throws IOException {
    byte[] rest = in.readNBytes(in.readInt() - 4);
    return ByteBuffer.wrap(rest).getInt();
  }

  @Override
  public void close() throws IOException {
    door.close();
  }
}
