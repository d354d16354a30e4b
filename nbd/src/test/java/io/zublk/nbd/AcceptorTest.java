package io.zublk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.RateLimitedLog;
import io.zublk.uring.sys.LinuxSocket;
import java.nio.channels.SocketChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AcceptorTest {

  /** Takes a second client, and no first one. */
  private static final class UnluckyOnce implements Acceptor.Reception {
    private final BlockingQueue<LinuxSocket> taken = new LinkedBlockingQueue<>();
    private boolean happened;

    @Override
    public void welcome(LinuxSocket client) {
      if (!happened) {
        happened = true;
        client.close();
        throw new NoClassDefFoundError("on purpose");
      }
      taken.add(client);
    }

    @Override
    public void dropOverdueHandshakes() {}
  }

  @Test
  void aFaultCostsOneClientOnly() throws Exception {
    UnluckyOnce reception = new UnluckyOnce();
    NbdAddress address = NbdAddress.parse("tcp:127.0.0.1:0");
    StopSign sign = new StopSign();
    RateLimitedLog log = new RateLimitedLog("io.zublk.nbd");
    try (CapturedLog lines = new CapturedLog();
        Listener listener = Listener.open(address, NbdOptions.defaults())) {
      Acceptor acceptor = new Acceptor(reception, listener, sign, (_, _) -> {}, log);
      acceptor.start();
      try (SocketChannel first = SocketChannel.open(listener.address().socketAddress());
          SocketChannel second = SocketChannel.open(listener.address().socketAddress())) {
        assertThat(first.isConnected() && second.isConnected()).isTrue();
        reception.taken.take().close();
        assertThat(acceptor.isRunning()).isTrue();
        assertThat(lines.lines(true)).singleElement().asString().contains("cannot accept");
      } finally {
        sign.raise();
        acceptor.join();
      }
    }
  }
}
