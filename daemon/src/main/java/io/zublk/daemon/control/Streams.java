package io.zublk.daemon.control;

import io.zublk.block.RateLimitedLog;
import io.zublk.block.Threads;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.Map;

/** The connections that go on after their replies, each in a thread of its own. Any thread. */
final class Streams implements AutoCloseable {

  private final RateLimitedLog log;
  private final Map<SocketChannel, Thread> open = new HashMap<>();
  private boolean closed;

  Streams(RateLimitedLog log) {
    this.log = log;
  }

  /** Has a stream go on; closes the client when it is done. */
  synchronized void start(SocketChannel client, Stream stream) throws IOException {
    if (closed) {
      client.close();
      return;
    }
    Thread thread =
        Thread.ofPlatform().name("stream").daemon().unstarted(() -> run(client, stream));
    open.put(client, thread);
    thread.start();
  }

  private void run(SocketChannel client, Stream stream) {
    try (client) {
      stream.serve(client);
    } catch (IOException e) {
      log.warning("hung up on a client", UserException.lineFor(e));
    } catch (Throwable e) {
      log.fault("a command failed", e);
    } finally {
      forget(client);
    }
  }

  private synchronized void forget(SocketChannel client) {
    open.remove(client);
  }

  /** Hangs up on all, and waits until their threads have noticed. */
  @Override
  public void close() throws IOException {
    Map<SocketChannel, Thread> left;
    synchronized (this) {
      closed = true;
      left = new HashMap<>(open);
    }
    for (SocketChannel client : left.keySet()) {
      client.close();
    }
    left.values().forEach(Threads::join);
  }
}
